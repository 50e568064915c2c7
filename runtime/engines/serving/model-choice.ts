/** Which of the versions of a model is asked for; by default the server's newest. */
export interface ModelChoice {
  /** Decimal digits of a version number. */
  readonly version: string | undefined;
  readonly label: string | undefined;
}
