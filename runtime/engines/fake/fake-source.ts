/** In place of a folder: the functions of a fake client. */
export interface FakeSource {
  readonly fake: object;
}
