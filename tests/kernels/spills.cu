// Not a test of the GPU: this kernel wants more registers than it may have, so tools/check_spills.py expects that the
// compiler refuses it.

constexpr int values = 64;

__global__ void __launch_bounds__(1024, 2) spill(float* y, int n) {
  float v[values];
#pragma unroll
  for (int i = 0; i < values; ++i) v[i] = y[i * n + threadIdx.x];
  for (int k = 0; k < n; ++k) {
#pragma unroll
    for (int i = 0; i < values; ++i) v[i] = v[i] * v[(i + 7) % values] + v[i * 5 % values];
  }
#pragma unroll
  for (int i = 0; i < values; ++i) y[i * n + threadIdx.x] = v[i];
}
