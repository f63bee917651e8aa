// expect: [F0080] solve: expected a and b to be fitnas::matrix
#include <fitnas/core/linalg.hpp>

auto solution(const xt::xtensor<double, 2, xt::layout_type::column_major>& a, const fitnas::matrix& b) {
    return fitnas::solve(a, b);
}
