/** Numbers by the name of what they measure: the scalar outputs of a signature. */
export type Metrics<Name extends string = string> = Readonly<Record<Name, number>>;

/** Event at the beginning of a training. */
export interface TrainingStart {
  /** Number of epochs, unless the training stops early. */
  readonly epochs: number;
  /** Number of steps of an epoch; unknown where batches come from an iterable. */
  readonly steps: number | undefined;
  /** Number of rows of an epoch; unknown where batches come from an iterable. */
  readonly rows: number | undefined;
  /** Notes for readers of the numbers, in sentences: {@link History.notes}; and where the training continues. */
  readonly notes?: readonly string[];
  /** Epochs of a resumed training that were finished before. */
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
  /** Number of rows of this batch. */
  readonly rows: number;
  /** Scalar outputs of this step. */
  readonly metrics: Metrics<Name>;
  /** Scalar outputs, averaged over the rows of the epoch so far; the last value of running metrics. */
  readonly means: Metrics<Name>;
}

/** One epoch of a training: the argument of `onEpoch`, and an entry of {@link History.epochs}. */
export interface EpochRecord<Name extends string = string> {
  /** Number of the epoch, starting at 1. */
  readonly epoch: number;
  /** Number of steps so far, over all epochs. */
  readonly step: number;
  /** Number of rows of this epoch. */
  readonly rows: number;
  /** Duration in seconds, validation included. */
  readonly seconds: number;
  /** Scalar outputs, averaged over the epoch's rows. */
  readonly metrics: Metrics<Name>;
  /** Scalar outputs of the validation signature, averaged over its rows. */
  readonly validation?: Metrics;
  /** Scalar inputs that are not data, such as a learning rate, as they were in the last step. */
  readonly constants?: Metrics;
}

/** Observer of a training. */
export interface TrainingObserver {
  /** Called before the first step. */
  onStart?(start: TrainingStart): void;
  /** Called after each step. */
  onBatch?(event: BatchEvent): void;
  /** Called after each epoch and its validation. */
  onEpoch?(record: EpochRecord): void;
  /** Called at the end, also after an error. */
  onEnd?(): void;
}
