/* What the programs share: TensorFlow's library, and the part of its C API that they use. */
#pragma once
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The part of tensorflow/c/c_api.h that is used, declared here, so no headers have to be installed. */
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
enum { TF_FLOAT = 1, TF_STRING = 7, TSTRING_BYTES = 24 };

#define FUNCTIONS(F)                                                                                                  \
  F(const char *, TF_Version, (void))                                                                                 \
  F(TF_Status *, TF_NewStatus, (void))                                                                                \
  F(int, TF_GetCode, (const TF_Status *))                                                                             \
  F(const char *, TF_Message, (const TF_Status *))                                                                    \
  F(TF_Buffer *, TF_NewBufferFromString, (const void *, size_t))                                                      \
  F(TF_SessionOptions *, TF_NewSessionOptions, (void))                                                                \
  F(void, TF_SetTarget, (TF_SessionOptions *, const char *))                                                          \
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
  F(TF_Tensor *, TF_TensorMaybeMove, (TF_Tensor *))                                                                   \
  F(void *, TF_TensorData, (const TF_Tensor *))                                                                       \
  F(size_t, TF_TensorByteSize, (const TF_Tensor *))                                                                   \
  F(void, TF_StringInit, (TF_TString *))                                                                              \
  F(void, TF_StringCopy, (TF_TString *, const char *, size_t))                                                        \
  F(const char *, TF_StringGetDataPointer, (const TF_TString *))                                                      \
  F(size_t, TF_StringGetSize, (const TF_TString *))                                                                   \
  F(void, TF_StringDealloc, (TF_TString *))

#define DECLARE(result, name, parameters) static result(*name) parameters;
FUNCTIONS(DECLARE)

static TF_Status *status;

static void fail(const char *what, const char *detail) {
  fprintf(stderr, "%s: %s\n", what, detail);
  exit(1);
}

static void check_status(const char *what) {
  if (TF_GetCode(status) != 0) fail(what, TF_Message(status));
}

/* FLAGS are those of dlopen. */
static void open_library(const char *framework, const char *main_library, int flags) {
  void *handles[2] = {NULL, NULL};
  const char *paths[2] = {framework, main_library};
  for (int index = 0; index < 2; index++) {
    if (strcmp(paths[index], "-") == 0) continue;
    handles[index] = dlopen(paths[index], flags);
    if (handles[index] == NULL) fail("dlopen", dlerror());
  }
#define LOOK_UP(result, name, parameters)                              \
  *(void **)&name = dlsym(handles[1], #name);                          \
  if (name == NULL && handles[0] != NULL) *(void **)&name = dlsym(handles[0], #name); \
  if (name == NULL) fail("dlsym", #name);
  FUNCTIONS(LOOK_UP)
}

static TF_Output endpoint(TF_Graph *graph, const char *operation, const char *index) {
  TF_Output output = {TF_GraphOperationByName(graph, operation), atoi(index)};
  if (output.oper == NULL) fail("no operation", operation);
  return output;
}
