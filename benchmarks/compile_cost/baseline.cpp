#include <xtensor-blas/xlinalg.hpp>
#include <xtensor/xtensor.hpp>

int main() {
    const xt::xtensor<double, 2> a = {{1.0, 2.0}, {3.0, 4.0}};
    const xt::xtensor<double, 2> b = {{1.0, 0.0}, {0.0, 1.0}};
    const xt::xtensor<double, 2> c = xt::linalg::dot(a, b);
    return c(1, 1) == 4.0 ? 0 : 1;
}
