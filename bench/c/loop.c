/*
 * The limit: what a signature costs when C calls TensorFlow's C API with nothing in between.
 *
 * loop FRAMEWORK MAIN OPTIONS MODEL {--case NAME {--float32 OP INDEX DIMS | --string OP INDEX COUNT LENGTH | --fetch OP INDEX
 *      | --identity | --fresh | --malloc | --random | --memcpy BYTES}}
 *
 * FRAMEWORK may be "-". OPTIONS is "default", "caller" for operations in the calling thread, "single" for the single-threaded
 * executor there, or "apart" for the same without fused operations: docs/options.md; or "grpc://HOST:PORT" for a server of
 * TensorFlow's runtime. DIMS is like 1x2. Input tensors are made once and written again by each
 * call, unless the case is --fresh: then each call makes its own. Outputs are copied out, after --malloc to memory that each call
 * allocates. After --identity the outputs must be the inputs. What is fed is ones, or after --random numbers from 0 to 1. --memcpy copies BYTES and does not call TensorFlow.
 *
 * Prints {"ready":true,...}, then answers every line "NAME CALLS" of its standard input with one line of nanoseconds per call.
 */
#include "tensorflow.h"

/*
 * ConfigProto { allow_soft_placement: true, experimental: { executor_type: "SINGLE_THREADED_EXECUTOR" }, graph_options: {
 * rewrite_options: { remapping: OFF } } }, of which the first two bytes alone are for the default executor, and the last six for
 * operations that are not fused; and RunOptions { inter_op_thread_pool: -1 }, as in runtime/engines/local/config-proto.ts.
 */
static const char CONFIG[] = "\x38\x01\x82\x01\x1a\x1a\x18SINGLE_THREADED_EXECUTOR\x52\x04\x52\x02\x70\x02";
enum { DEFAULT_EXECUTOR_BYTES = 2, APART_BYTES = 6 };
static const unsigned char RUN_OPTIONS[] = {0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};

enum { MAX_CASES = 64, MAX_TENSORS = 8, MAX_RANK = 8 };

typedef struct Feed {
  TF_Output output;
  int dtype;
  int rank;
  int64_t dims[MAX_RANK];
  size_t bytes;   /* of the tensor */
  size_t strings; /* how many elements, if they are strings */
  size_t length;  /* of each of them */
  char *source;   /* what is copied into the tensor */
  TF_Tensor *tensor;
} Feed;

typedef struct Case {
  const char *name;
  int is_identity;
  int is_fresh;
  int is_allocating;
  int is_random;
  size_t memcpy_bytes; /* not 0: copy this much instead of calling TensorFlow */
  char *from;
  int feeds_count;
  Feed feeds[MAX_TENSORS];
  int fetches_count;
  TF_Output fetches[MAX_TENSORS];
  int fetched_dtype;
} Case;

static Case cases[MAX_CASES];
static int cases_count;
static TF_Session *session;
static TF_Buffer *run_options;
static char *sink; /* where outputs are copied to */
static size_t sink_bytes;
/* Volatile, so that no copy is optimised away. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;

static void *memory(size_t bytes) {
  void *pointer = malloc(bytes > 0 ? bytes : 1);
  if (pointer == NULL) fail("malloc", "out of memory");
  memset(pointer, 0, bytes); /* touched, so that no page fault is timed */
  return pointer;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static TF_TString *element(void *data, size_t index) { return (TF_TString *)((char *)data + index * TSTRING_BYTES); }

static void make(Feed *feed) {
  feed->tensor = TF_AllocateTensor(feed->dtype, feed->dims, feed->rank, feed->bytes);
  if (feed->tensor == NULL) fail("TF_AllocateTensor", "no tensor");
  void *data = TF_TensorData(feed->tensor);
  for (size_t index = 0; index < feed->strings; index++) TF_StringInit(element(data, index));
}

static void discard(Feed *feed) {
  void *data = TF_TensorData(feed->tensor);
  for (size_t index = 0; index < feed->strings; index++) TF_StringDealloc(element(data, index));
  TF_DeleteTensor(feed->tensor);
  feed->tensor = NULL;
}

static void write_feed(Feed *feed) {
  void *data = TF_TensorData(feed->tensor);
  if (feed->dtype == TF_FLOAT) {
    copy(data, feed->source, feed->bytes);
    return;
  }
  for (size_t index = 0; index < feed->strings; index++) {
    TF_StringCopy(element(data, index), feed->source + index * feed->length, feed->length);
  }
}

/* Copies an output to the sink, or to memory of its own; answers how many bytes it had. */
static size_t read_output(const TF_Tensor *tensor, int dtype, int is_allocating) {
  void *data = TF_TensorData(tensor);
  size_t bytes = TF_TensorByteSize(tensor);
  if (dtype == TF_FLOAT) {
    if (bytes > sink_bytes) fail("output", "larger than expected");
    char *target = is_allocating ? malloc(bytes) : sink;
    if (target == NULL) fail("malloc", "out of memory");
    copy(target, data, bytes);
    if (is_allocating) free(target);
    return bytes;
  }
  size_t used = 0;
  for (size_t index = 0; index < bytes / TSTRING_BYTES; index++) {
    TF_TString *string = element(data, index);
    size_t length = TF_StringGetSize(string);
    if (used + length > sink_bytes) fail("output", "larger than expected");
    copy(sink + used, TF_StringGetDataPointer(string), length);
    used += length;
  }
  return used;
}

/* One call; answers how many bytes came out. */
static size_t call(Case *kase) {
  if (kase->memcpy_bytes > 0) {
    copy(sink, kase->from, kase->memcpy_bytes);
    return kase->memcpy_bytes;
  }
  TF_Output fed[MAX_TENSORS];
  TF_Tensor *tensors[MAX_TENSORS];
  TF_Tensor *fetched[MAX_TENSORS] = {NULL};
  for (int index = 0; index < kase->feeds_count; index++) {
    Feed *feed = &kase->feeds[index];
    /* A tensor that TensorFlow kept must not be written again. */
    if (feed->tensor != NULL && TF_TensorMaybeMove(feed->tensor) == NULL) {
      TF_DeleteTensor(feed->tensor);
      feed->tensor = NULL;
    }
    if (feed->tensor == NULL) make(feed);
    write_feed(feed);
    fed[index] = feed->output;
    tensors[index] = feed->tensor;
  }
  TF_SessionRun(session, run_options, fed, tensors, kase->feeds_count, kase->fetches, fetched, kase->fetches_count, NULL,
                0, NULL, status);
  check_status("TF_SessionRun");
  size_t bytes = 0;
  for (int index = 0; index < kase->fetches_count; index++) {
    bytes += read_output(fetched[index], kase->fetched_dtype, kase->is_allocating);
    TF_DeleteTensor(fetched[index]);
  }
  for (int index = 0; kase->is_fresh && index < kase->feeds_count; index++) discard(&kase->feeds[index]);
  return bytes;
}

static int ascending(const void *left, const void *right) {
  double difference = *(const double *)left - *(const double *)right;
  return (difference > 0) - (difference < 0);
}

static void measure(Case *kase, size_t calls) {
  double *samples = memory(calls * sizeof(double));
  double before = now();
  for (size_t index = 0; index < calls; index++) {
    call(kase);
    double after = now();
    samples[index] = after - before;
    before = after;
  }
  qsort(samples, calls, sizeof(double), ascending);
  printf("{\"calls\":%zu,\"median\":%.0f,\"p99\":%.0f}\n", calls, samples[(calls - 1) / 2],
         samples[(calls * 99 + 99) / 100 - 1]);
  free(samples);
}

static void check_identity(Case *kase) {
  if (!kase->is_identity) return;
  Feed *feed = &kase->feeds[0];
  size_t bytes = feed->dtype == TF_FLOAT ? feed->bytes : feed->strings * feed->length;
  if (call(kase) != bytes || memcmp(sink, feed->source, bytes) != 0) fail(kase->name, "gave back something else");
}

static TF_Graph *load(const char *directory, const char *scheduling) {
  TF_SessionOptions *options = TF_NewSessionOptions();
  if (strncmp(scheduling, "grpc://", 7) == 0) {
    TF_SetTarget(options, scheduling);
  } else if (strcmp(scheduling, "default") != 0) {
    size_t bytes = DEFAULT_EXECUTOR_BYTES;
    if (strcmp(scheduling, "apart") == 0) {
      bytes = sizeof CONFIG - 1;
    } else if (strcmp(scheduling, "single") == 0) {
      bytes = sizeof CONFIG - 1 - APART_BYTES;
    } else if (strcmp(scheduling, "caller") != 0) {
      fail("unknown options", scheduling);
    }
    TF_SetConfig(options, CONFIG, bytes, status);
    check_status("TF_SetConfig");
    run_options = TF_NewBufferFromString(RUN_OPTIONS, sizeof RUN_OPTIONS);
  }
  const char *const tags[] = {"serve"};
  TF_Graph *graph = TF_NewGraph();
  session = TF_LoadSessionFromSavedModel(options, run_options, directory, tags, 1, graph, NULL, status);
  check_status("TF_LoadSessionFromSavedModel");
  return graph;
}

static char *source(size_t bytes) {
  if (bytes > sink_bytes) sink_bytes = bytes;
  return memory(bytes);
}

static void add_floats(Feed *feed, const char *dims, int is_random) {
  feed->dtype = TF_FLOAT;
  size_t count = 1;
  for (const char *next = dims; *next != '\0' && feed->rank < MAX_RANK; next += *next == 'x') {
    int64_t size = strtoll(next, (char **)&next, 10);
    feed->dims[feed->rank++] = size;
    count *= (size_t)size;
  }
  feed->bytes = count * sizeof(float);
  feed->source = source(feed->bytes);
  for (size_t index = 0; index < count; index++) {
    ((float *)feed->source)[index] = is_random ? (float)rand() / (float)RAND_MAX : 1;
  }
}

static void add_strings(Feed *feed, const char *count, const char *length) {
  feed->dtype = TF_STRING;
  feed->rank = 1;
  feed->dims[0] = atoll(count);
  feed->strings = (size_t)feed->dims[0];
  feed->length = (size_t)atoll(length);
  feed->bytes = feed->strings * TSTRING_BYTES;
  feed->source = source(feed->strings * feed->length);
  memset(feed->source, 'x', feed->strings * feed->length);
}

static void parse_cases(TF_Graph *graph, char **argument) {
  Case *kase = NULL;
  while (*argument != NULL) {
    const char *flag = *argument++;
    if (strcmp(flag, "--case") == 0 && cases_count < MAX_CASES) {
      kase = &cases[cases_count++];
      kase->name = *argument++;
    } else if (kase != NULL && strcmp(flag, "--identity") == 0) {
      kase->is_identity = 1;
    } else if (kase != NULL && strcmp(flag, "--fresh") == 0) {
      kase->is_fresh = 1;
    } else if (kase != NULL && strcmp(flag, "--malloc") == 0) {
      kase->is_allocating = 1;
    } else if (kase != NULL && strcmp(flag, "--random") == 0) {
      kase->is_random = 1;
    } else if (kase != NULL && strcmp(flag, "--memcpy") == 0) {
      kase->memcpy_bytes = (size_t)atoll(*argument++);
      kase->from = source(kase->memcpy_bytes);
    } else if (kase != NULL && strcmp(flag, "--float32") == 0 && kase->feeds_count < MAX_TENSORS) {
      Feed *feed = &kase->feeds[kase->feeds_count++];
      feed->output = endpoint(graph, argument[0], argument[1]);
      add_floats(feed, argument[2], kase->is_random);
      kase->fetched_dtype = feed->dtype;
      argument += 3;
    } else if (kase != NULL && strcmp(flag, "--string") == 0 && kase->feeds_count < MAX_TENSORS) {
      Feed *feed = &kase->feeds[kase->feeds_count++];
      feed->output = endpoint(graph, argument[0], argument[1]);
      add_strings(feed, argument[2], argument[3]);
      kase->fetched_dtype = feed->dtype;
      argument += 4;
    } else if (kase != NULL && strcmp(flag, "--fetch") == 0 && kase->fetches_count < MAX_TENSORS) {
      kase->fetches[kase->fetches_count++] = endpoint(graph, argument[0], argument[1]);
      argument += 2;
    } else {
      fail("unknown argument", flag);
    }
  }
  sink = memory(sink_bytes);
}

int main(int count, char **arguments) {
  if (count < 5) fail("usage", "loop FRAMEWORK MAIN OPTIONS MODEL CASES...");
  open_library(arguments[1], arguments[2], RTLD_NOW | RTLD_GLOBAL);
  status = TF_NewStatus();
  parse_cases(load(arguments[4], arguments[3]), arguments + 5);
  for (int index = 0; index < cases_count; index++) check_identity(&cases[index]);
  printf("{\"ready\":true,\"tensorflow\":\"%s\"}\n", TF_Version());
  fflush(stdout);
  char line[256], name[200];
  size_t calls;
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (sscanf(line, "%199s %zu", name, &calls) != 2 || calls == 0) fail("unknown command", line);
    Case *kase = NULL;
    for (int index = 0; index < cases_count; index++) {
      if (strcmp(cases[index].name, name) == 0) kase = &cases[index];
    }
    if (kase == NULL) fail("unknown case", name);
    measure(kase, calls);
    fflush(stdout);
  }
  fflush(stdout);
  _Exit(0); /* nothing is left to be given back, and the library's own shutdown is not what is measured */
}
