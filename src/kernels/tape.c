/* The interpreter of a formula's tape: one instruction after the other, each over the whole block. */
#include "kernels/instruction.h"
#include "kernels/kernels.h"
#include "kernels/math.h"

#define POINT_V(x) const double *const x##_column = columns[x];
#define POINT_U(x) const vd x##_value = vsplat(uniforms[x]);
#define POINT_N(x)
#define LOAD_V(X, x) const vd X = vload(x##_column + k);
#define LOAD_U(X, x) const vd X = x##_value;
#define LOAD_N(X, x)

/* One loop for each opcode: loads of a step precede its store, so the destination may be a source. */
#define INSTRUCTION(name, ka, kb, kc, result)                                          \
  case MARQ_TAPE_##name: {                                                             \
    POINT_##ka(a) POINT_##kb(b) POINT_##kc(c) for (size_t k = 0; k < count; k += VL) { \
      LOAD_##ka(A, a) LOAD_##kb(B, b) LOAD_##kc(C, c) vstore(out + k, (result));       \
    }                                                                                  \
  } break;

void MARQ_KERNEL(tape)(const marq_instruction *code, size_t length, double *const *columns, const double *uniforms,
                       size_t count);
void MARQ_KERNEL(tape)(const marq_instruction *code, size_t length, double *const *columns, const double *uniforms,
                       size_t count) {
  for (const marq_instruction *end = code + length; code < end; code++) {
    const uint32_t a = code->a, b = code->b, c = code->c;
    double *const out = columns[code->d];
    (void)b;
    (void)c;
    switch (code->op) { MARQ_TAPE_LIST(INSTRUCTION) }
  }
}
