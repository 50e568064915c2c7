/** Numbers by the name of what they measure: the scalar outputs of a signature. */
export type Metrics<Name extends string = string> = Readonly<Record<Name, number>>;

/** Event at the beginning of a training. */
export interface TrainingStart {
  /** Number of epochs, unless the training stops early. */
  readonly epochs: number;
  /** The steps of an epoch; unknown where batches come from an iterable. */
  readonly steps: number | undefined;
  /** The rows of an epoch; unknown where batches come from an iterable. */
  readonly rows: number | undefined;
  /** Notes for a reader of the numbers, in sentences: {@link History.notes}; and from where it continues. */
  readonly notes?: readonly string[];
  /** The epochs that were finished before, of a training that is resumed. */
  readonly finished?: readonly EpochRecord[];
}

/** One step of a training, which is a call of its signature: the argument of `onBatch`. */
export interface BatchEvent<Name extends string = string> {
  /** Number of the epoch, starting at 1. */
  readonly epoch: number;
  /** Number of the step over all epochs, starting at 1. */
  readonly step: number;
  /** Number of the step within the epoch, starting at 1. */
  readonly stepOfEpoch: number;
  /** The rows of this batch. */
  readonly rows: number;
  /** The scalar outputs of this step. */
  readonly metrics: Metrics<Name>;
  /** The scalar outputs, averaged over the rows of the epoch so far; the last value of those that run on. */
  readonly means: Metrics<Name>;
}

/** One epoch of a training: the argument of `onEpoch`, and an entry of {@link History.epochs}. */
export interface EpochRecord<Name extends string = string> {
  /** Number of the epoch, starting at 1. */
  readonly epoch: number;
  /** The steps that were made so far, over all epochs. */
  readonly step: number;
  /** The rows of this epoch. */
  readonly rows: number;
  /** Duration in seconds, validation included. */
  readonly seconds: number;
  /** The scalar outputs, averaged over the epoch's rows. */
  readonly metrics: Metrics<Name>;
  /** The scalar outputs of the validation signature, averaged over its rows. */
  readonly validation?: Metrics;
  /** The scalar inputs that are no data, such as a learning rate, as they were in the last step. */
  readonly constants?: Metrics;
}

/** Somebody who is told how a training goes on. */
export interface TrainingObserver {
  /** Before the first step. */
  onStart?(start: TrainingStart): void;
  /** After each step. */
  onBatch?(event: BatchEvent): void;
  /** After each epoch and its validation. */
  onEpoch?(record: EpochRecord): void;
  /** Also after an error. */
  onEnd?(): void;
}
