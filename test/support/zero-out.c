// The operation ZeroOut (int32 in, int32 out of the same shape): keeps the first element, zeros the rest; and the same
// without a shape function, ZeroOutWithoutShape. Written against TensorFlow's C API for operations and kernels
// (tensorflow/c/ops.h, kernels.h, tf_tensor.h), whose headers the library does not come with.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct TF_Status TF_Status;
typedef struct TF_Tensor TF_Tensor;
typedef struct TF_OpDefinitionBuilder TF_OpDefinitionBuilder;
typedef struct TF_ShapeInferenceContext TF_ShapeInferenceContext;
typedef struct TF_ShapeHandle TF_ShapeHandle;
typedef struct TF_KernelBuilder TF_KernelBuilder;
typedef struct TF_OpKernelConstruction TF_OpKernelConstruction;
typedef struct TF_OpKernelContext TF_OpKernelContext;

enum { TF_OK = 0, TF_INT32 = 3, MAX_RANK = 8 };

TF_Status *TF_NewStatus(void);
void TF_DeleteStatus(TF_Status *);
int TF_GetCode(const TF_Status *);

TF_OpDefinitionBuilder *TF_NewOpDefinitionBuilder(const char *name);
void TF_OpDefinitionBuilderAddInput(TF_OpDefinitionBuilder *, const char *);
void TF_OpDefinitionBuilderAddOutput(TF_OpDefinitionBuilder *, const char *);
void TF_OpDefinitionBuilderSetShapeInferenceFunction(TF_OpDefinitionBuilder *,
                                                     void (*)(TF_ShapeInferenceContext *, TF_Status *));
void TF_RegisterOpDefinition(TF_OpDefinitionBuilder *, TF_Status *);
TF_ShapeHandle *TF_NewShapeHandle(void);
void TF_DeleteShapeHandle(TF_ShapeHandle *);
void TF_ShapeInferenceContextGetInput(TF_ShapeInferenceContext *, int, TF_ShapeHandle *, TF_Status *);
void TF_ShapeInferenceContextSetOutput(TF_ShapeInferenceContext *, int, TF_ShapeHandle *, TF_Status *);

TF_KernelBuilder *TF_NewKernelBuilder(const char *op, const char *device, void *(*create)(TF_OpKernelConstruction *),
                                      void (*compute)(void *, TF_OpKernelContext *), void (*destroy)(void *));
void TF_RegisterKernelBuilder(const char *name, TF_KernelBuilder *, TF_Status *);
void TF_GetInput(TF_OpKernelContext *, int, TF_Tensor **, TF_Status *);
TF_Tensor *TF_AllocateOutput(TF_OpKernelContext *, int, int dtype, const int64_t *dims, int rank, size_t bytes,
                             TF_Status *);
void TF_OpKernelContext_Failure(TF_OpKernelContext *, TF_Status *);

int TF_NumDims(const TF_Tensor *);
int64_t TF_Dim(const TF_Tensor *, int);
size_t TF_TensorByteSize(const TF_Tensor *);
void *TF_TensorData(const TF_Tensor *);
void TF_DeleteTensor(TF_Tensor *);

static void same_shape(TF_ShapeInferenceContext *context, TF_Status *status) {
  TF_ShapeHandle *shape = TF_NewShapeHandle();
  TF_ShapeInferenceContextGetInput(context, 0, shape, status);
  if (TF_GetCode(status) == TF_OK) TF_ShapeInferenceContextSetOutput(context, 0, shape, status);
  TF_DeleteShapeHandle(shape);
}

static void zero_out(TF_OpKernelContext *context, const TF_Tensor *input, TF_Status *status) {
  int64_t dims[MAX_RANK];
  int rank = TF_NumDims(input);
  if (rank > MAX_RANK) return;
  for (int axis = 0; axis < rank; axis++) dims[axis] = TF_Dim(input, axis);
  size_t bytes = TF_TensorByteSize(input);
  TF_Tensor *output = TF_AllocateOutput(context, 0, TF_INT32, dims, rank, bytes, status);
  if (TF_GetCode(status) == TF_OK && bytes > 0) {
    memset(TF_TensorData(output), 0, bytes);
    memcpy(TF_TensorData(output), TF_TensorData(input), sizeof(int32_t));
  }
  if (output != NULL) TF_DeleteTensor(output);
}

static void compute(void *kernel, TF_OpKernelContext *context) {
  (void)kernel;
  TF_Status *status = TF_NewStatus();
  TF_Tensor *input = NULL;
  TF_GetInput(context, 0, &input, status);
  if (TF_GetCode(status) == TF_OK) zero_out(context, input, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelContext_Failure(context, status);
  if (input != NULL) TF_DeleteTensor(input);
  TF_DeleteStatus(status);
}

static void register_op(const char *name, int has_shape) {
  TF_Status *status = TF_NewStatus();
  TF_OpDefinitionBuilder *op = TF_NewOpDefinitionBuilder(name);
  TF_OpDefinitionBuilderAddInput(op, "to_zero: int32");
  TF_OpDefinitionBuilderAddOutput(op, "zeroed: int32");
  if (has_shape) TF_OpDefinitionBuilderSetShapeInferenceFunction(op, same_shape);
  TF_RegisterOpDefinition(op, status);
  TF_KernelBuilder *kernel = TF_NewKernelBuilder(name, "CPU", NULL, compute, NULL);
  TF_RegisterKernelBuilder(name, kernel, status);
  TF_DeleteStatus(status);
}

// Run by the system's loader, while TensorFlow waits for it.
__attribute__((constructor)) static void register_all(void) {
  register_op("ZeroOut", 1);
  register_op("ZeroOutWithoutShape", 0);
}
