/*
 * The limit: what it costs C to load a model with TensorFlow's C API and to call a signature once.
 *
 * load FRAMEWORK MAIN OPTIONS MODEL {--float32 OP INDEX DIMS | --string OP INDEX COUNT LENGTH | --fetch OP INDEX}
 *
 * FRAMEWORK may be "-". OPTIONS is "default", "runtime" for RunOptions { inter_op_thread_pool: -1 } and soft placement, or
 * "single" for these with the single-threaded executor. DIMS is like 1x2. What is fed is ones, and strings of "x".
 *
 * Prints {"libraryMs","loadMs","firstCallMs","secondCallMs","libraryRssBytes","loadedRssBytes","rssBytes"}: the times of
 * opening the library, loading the model, and its first two calls; and the resident memory after each of the three. Without
 * /proc memory is 0. With neither inputs nor outputs nothing is called.
 */
#include "tensorflow.h"
#include <unistd.h>

enum { MAX_TENSORS = 8, MAX_RANK = 8 };

/* ConfigProto { allow_soft_placement: true }; then experimental { executor_type: "SINGLE_THREADED_EXECUTOR" }. */
static const char CONFIG[] = "\x38\x01\x82\x01\x1a\x1a\x18SINGLE_THREADED_EXECUTOR";
enum { PLACEMENT_BYTES = 2 };
static const unsigned char RUN_OPTIONS[] = {0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};

static TF_Output fed[MAX_TENSORS], fetches[MAX_TENSORS];
static TF_Tensor *tensors[MAX_TENSORS];
static int fed_count, fetches_count;

/* Milliseconds. */
static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static long resident_bytes(void) {
  long size, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL) return 0;
  if (fscanf(file, "%ld %ld", &size, &resident) != 2) resident = 0;
  fclose(file);
  return resident * sysconf(_SC_PAGESIZE);
}

static TF_Tensor *ones(const char *dims) {
  int64_t sizes[MAX_RANK];
  int rank = 0;
  size_t count = 1;
  for (const char *next = dims; *next != '\0' && rank < MAX_RANK; next += *next == 'x') {
    sizes[rank] = strtoll(next, (char **)&next, 10);
    count *= (size_t)sizes[rank++];
  }
  TF_Tensor *tensor = TF_AllocateTensor(TF_FLOAT, sizes, rank, count * sizeof(float));
  if (tensor == NULL) fail("TF_AllocateTensor", "no tensor");
  float *data = TF_TensorData(tensor);
  for (size_t index = 0; index < count; index++) data[index] = 1;
  return tensor;
}

static TF_Tensor *strings(const char *count, const char *length) {
  int64_t size = atoll(count);
  TF_Tensor *tensor = TF_AllocateTensor(TF_STRING, &size, 1, (size_t)size * TSTRING_BYTES);
  char *text = malloc((size_t)atoll(length) + 1);
  if (tensor == NULL || text == NULL) fail("TF_AllocateTensor", "no tensor");
  memset(text, 'x', (size_t)atoll(length));
  for (int64_t index = 0; index < size; index++) {
    TF_TString *element = (TF_TString *)((char *)TF_TensorData(tensor) + index * TSTRING_BYTES);
    TF_StringInit(element);
    TF_StringCopy(element, text, (size_t)atoll(length));
  }
  free(text);
  return tensor;
}

static void parse_call(TF_Graph *graph, char **argument) {
  while (*argument != NULL) {
    const char *flag = *argument++;
    if (fed_count == MAX_TENSORS || fetches_count == MAX_TENSORS) fail("too many tensors", flag);
    if (strcmp(flag, "--float32") == 0) {
      fed[fed_count] = endpoint(graph, argument[0], argument[1]);
      tensors[fed_count++] = ones(argument[2]);
      argument += 3;
    } else if (strcmp(flag, "--string") == 0) {
      fed[fed_count] = endpoint(graph, argument[0], argument[1]);
      tensors[fed_count++] = strings(argument[2], argument[3]);
      argument += 4;
    } else if (strcmp(flag, "--fetch") == 0) {
      fetches[fetches_count++] = endpoint(graph, argument[0], argument[1]);
      argument += 2;
    } else {
      fail("unknown argument", flag);
    }
  }
}

/* The time of a call. */
static double call(TF_Session *session, const TF_Buffer *run_options) {
  if (fetches_count == 0) return 0;
  TF_Tensor *fetched[MAX_TENSORS] = {NULL};
  double start = now();
  TF_SessionRun(session, run_options, fed, tensors, fed_count, fetches, fetched, fetches_count, NULL, 0, NULL, status);
  double took = now() - start;
  check_status("TF_SessionRun");
  for (int index = 0; index < fetches_count; index++) TF_DeleteTensor(fetched[index]);
  return took;
}

int main(int count, char **arguments) {
  if (count < 5) fail("usage", "load FRAMEWORK MAIN OPTIONS MODEL CALL...");
  const char *kind = arguments[3];
  int is_single = strcmp(kind, "single") == 0;
  int is_default = strcmp(kind, "default") == 0;
  if (!is_single && !is_default && strcmp(kind, "runtime") != 0) fail("unknown options", kind);

  double start = now();
  open_library(arguments[1], arguments[2], RTLD_NOW);
  double opened = now();
  long opened_rss = resident_bytes();
  double load_start = now();
  status = TF_NewStatus();
  TF_SessionOptions *options = TF_NewSessionOptions();
  TF_Buffer *run_options = NULL;
  if (!is_default) {
    TF_SetConfig(options, CONFIG, is_single ? sizeof CONFIG - 1 : PLACEMENT_BYTES, status);
    check_status("TF_SetConfig");
    run_options = TF_NewBufferFromString(RUN_OPTIONS, sizeof RUN_OPTIONS);
  }
  const char *const tags[] = {"serve"};
  TF_Graph *graph = TF_NewGraph();
  TF_Session *session =
      TF_LoadSessionFromSavedModel(options, run_options, arguments[4], tags, 1, graph, NULL, status);
  double loaded = now();
  check_status("TF_LoadSessionFromSavedModel");
  long loaded_rss = resident_bytes();

  parse_call(graph, arguments + 5);
  double first = call(session, run_options);
  long rss = resident_bytes();
  double second = call(session, run_options);
  printf("{\"libraryMs\":%.3f,\"loadMs\":%.3f,\"firstCallMs\":%.3f,\"secondCallMs\":%.3f,\"libraryRssBytes\":%ld,"
         "\"loadedRssBytes\":%ld,\"rssBytes\":%ld}\n",
         opened - start, loaded - load_start, first, second, opened_rss, loaded_rss, rss);
  fflush(stdout);
  _Exit(0); /* nothing is left to be given back, and the library's own shutdown is not what is measured */
}
