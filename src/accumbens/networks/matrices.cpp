#include "accumbens/networks/matrices.h"

#include <ATen/ops/bmm.h>
#include <ATen/ops/mm.h>

#include <vector>

// of the BLAS within libtorch_cpu, where it has one
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" [[gnu::weak]] void sgemm_(const char* transpose_a, const char* transpose_b, const int* m,
                                     const int* n, const int* k, const float* alpha, const float* a,
                                     const int* lda, const float* b, const int* ldb,
                                     const float* beta, float* c, const int* ldc);

namespace accumbens {
namespace {

// one matrix, row by row, taken as it is or transposed
struct Matrix {
  const float* numbers;
  int64_t height, width;
  bool transposed;

  int rows() const { return static_cast<int>(transposed ? width : height); }
  int columns() const { return static_cast<int>(transposed ? height : width); }
  Matrix mirrored() const { return {numbers, height, width, !transposed}; }
};

// result = a b
void multiply(const Matrix& a, const Matrix& b, float* result) {
  const int rows = a.rows(), columns = b.columns(), inner = a.columns();

  // MKL takes six times as long for a few columns as for a few rows
  constexpr int kFew = 8;
  if (columns <= kFew && rows > kFew && inner > kFew) {
    std::vector<float> mirrored(static_cast<size_t>(rows) * columns);
    multiply(b.mirrored(), a.mirrored(), mirrored.data());
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j < columns; ++j) result[i * columns + j] = mirrored[j * rows + i];
    }
    return;
  }

  // BLAS reads rows as columns: it computes c^T = b^T a^T
  const auto width_a = static_cast<int>(a.width), width_b = static_cast<int>(b.width);
  const float one = 1.0F, zero = 0.0F;
  sgemm_(b.transposed ? "T" : "N", a.transposed ? "T" : "N", &columns, &rows, &inner, &one,
         b.numbers, &width_b, a.numbers, &width_a, &zero, result, &columns);
}

}  // namespace

bool within_reach_of_blas(const torch::Tensor& matrices) {
  return sgemm_ != nullptr && matrices.is_cpu() && matrices.scalar_type() == torch::kFloat32 &&
         matrices.numel() > 0 && matrices.stride(-1) == 1 &&
         matrices.stride(-2) == matrices.size(-1);
}

void multiply(Operand a, Operand b, torch::Tensor& result) {
  const bool several = result.dim() == 3;
  if (!within_reach_of_blas(a.matrices) || !within_reach_of_blas(b.matrices)) {
    const auto of = [](Operand x) { return x.transposed ? x.matrices.mT() : x.matrices; };
    several ? at::bmm_out(result, of(a), of(b)) : at::mm_out(result, of(a), of(b));
    return;
  }

  for (int64_t c = 0; c < (several ? result.size(0) : 1); ++c) {
    const auto one = [&](const torch::Tensor& of) {
      return of.const_data_ptr<float>() + (several ? c * of.stride(0) : 0);
    };
    multiply({one(a.matrices), a.matrices.size(-2), a.matrices.size(-1), a.transposed},
             {one(b.matrices), b.matrices.size(-2), b.matrices.size(-1), b.transposed},
             result.mutable_data_ptr<float>() + c * result.size(-2) * result.size(-1));
  }
}

}  // namespace accumbens
