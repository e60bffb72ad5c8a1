#pragma once

#include <torch/types.h>

namespace accumbens {

/// A matrix [rows, columns], or C of them [C, rows, columns], taken as it is or transposed.
struct Operand {
  const torch::Tensor& matrices;  ///< as they lie in memory
  bool transposed = false;        ///< taken with rows for columns
};

/// Whether BLAS itself can be called with matrices: floats on a CPU, row by row in memory. Small
/// ones are multiplied in half the time that torch's way to the same BLAS takes.
bool within_reach_of_blas(const torch::Tensor& matrices);

/// result = a b, of one pair of matrices or of C pairs. result: [..., rows of a, columns of b], in
/// contiguous memory.
void multiply(Operand a, Operand b, torch::Tensor& result);

}  // namespace accumbens
