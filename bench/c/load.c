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
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The part of tensorflow/c/c_api.h that is used: declared here, so no headers have to be installed. */
typedef struct TF_Status TF_Status;
typedef struct TF_Graph TF_Graph;
typedef struct TF_Session TF_Session;
typedef struct TF_SessionOptions TF_SessionOptions;
typedef struct TF_Operation TF_Operation;
typedef struct TF_Tensor TF_Tensor;
typedef struct TF_TString TF_TString;
typedef struct TF_Buffer {
  const void *data;
  size_t length;
  void (*data_deallocator)(void *data, size_t length);
} TF_Buffer;
typedef struct TF_Output {
  TF_Operation *oper;
  int index;
} TF_Output;
enum { TF_FLOAT = 1, TF_STRING = 7, TSTRING_BYTES = 24, MAX_TENSORS = 8, MAX_RANK = 8 };

#define FUNCTIONS(F)                                                                                                  \
  F(TF_Status *, TF_NewStatus, (void))                                                                                \
  F(int, TF_GetCode, (const TF_Status *))                                                                             \
  F(const char *, TF_Message, (const TF_Status *))                                                                    \
  F(TF_Buffer *, TF_NewBufferFromString, (const void *, size_t))                                                      \
  F(TF_SessionOptions *, TF_NewSessionOptions, (void))                                                                \
  F(void, TF_SetConfig, (TF_SessionOptions *, const void *, size_t, TF_Status *))                                     \
  F(TF_Graph *, TF_NewGraph, (void))                                                                                  \
  F(TF_Session *, TF_LoadSessionFromSavedModel,                                                                       \
    (const TF_SessionOptions *, const TF_Buffer *, const char *, const char *const *, int, TF_Graph *, TF_Buffer *,   \
     TF_Status *))                                                                                                    \
  F(TF_Operation *, TF_GraphOperationByName, (TF_Graph *, const char *))                                              \
  F(void, TF_SessionRun,                                                                                              \
    (TF_Session *, const TF_Buffer *, const TF_Output *, TF_Tensor *const *, int, const TF_Output *, TF_Tensor **,    \
     int, const TF_Operation *const *, int, TF_Buffer *, TF_Status *))                                                \
  F(TF_Tensor *, TF_AllocateTensor, (int, const int64_t *, int, size_t))                                              \
  F(void, TF_DeleteTensor, (TF_Tensor *))                                                                             \
  F(void *, TF_TensorData, (const TF_Tensor *))                                                                       \
  F(void, TF_StringInit, (TF_TString *))                                                                              \
  F(void, TF_StringCopy, (TF_TString *, const char *, size_t))

#define DECLARE(result, name, parameters) static result(*name) parameters;
FUNCTIONS(DECLARE)

/* ConfigProto { allow_soft_placement: true }; then experimental { executor_type: "SINGLE_THREADED_EXECUTOR" }. */
static const char CONFIG[] = "\x38\x01\x82\x01\x1a\x1a\x18SINGLE_THREADED_EXECUTOR";
enum { PLACEMENT_BYTES = 2 };
static const unsigned char RUN_OPTIONS[] = {0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};

static TF_Status *status;
static TF_Output fed[MAX_TENSORS], fetches[MAX_TENSORS];
static TF_Tensor *tensors[MAX_TENSORS];
static int fed_count, fetches_count;

static void fail(const char *what, const char *detail) {
  fprintf(stderr, "%s: %s\n", what, detail);
  exit(1);
}

static void check_status(const char *what) {
  if (TF_GetCode(status) != 0) fail(what, TF_Message(status));
}

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

static void open_library(const char *framework, const char *main_library) {
  void *handles[2] = {NULL, NULL};
  const char *paths[2] = {framework, main_library};
  for (int index = 0; index < 2; index++) {
    if (strcmp(paths[index], "-") == 0) continue;
    handles[index] = dlopen(paths[index], RTLD_NOW);
    if (handles[index] == NULL) fail("dlopen", dlerror());
  }
#define LOOK_UP(result, name, parameters)                                             \
  *(void **)&name = dlsym(handles[1], #name);                                         \
  if (name == NULL && handles[0] != NULL) *(void **)&name = dlsym(handles[0], #name); \
  if (name == NULL) fail("dlsym", #name);
  FUNCTIONS(LOOK_UP)
}

static TF_Output endpoint(TF_Graph *graph, const char *operation, const char *index) {
  TF_Output output = {TF_GraphOperationByName(graph, operation), atoi(index)};
  if (output.oper == NULL) fail("no operation", operation);
  return output;
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
  open_library(arguments[1], arguments[2]);
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
