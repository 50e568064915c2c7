/** Names of the served models. */
export interface ModelNaming {
  /** Returns the name of the model that serves a signature. */
  readonly modelOf: (signature: string) => string;
  /** Version of the models; empty for the one that the server chooses. */
  readonly version: string;
}
