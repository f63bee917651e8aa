// What both programs know: the space, with an operator of one's own, and the classes in the order of their
// labels.
#ifndef YOUR_OWN_SPACE_HPP
#define YOUR_OWN_SPACE_HPP

#include <string>
#include <string_view>
#include <vector>

#include <fitnas/op/identity.hpp>
#include <fitnas/op/mbconv.hpp>
#include <fitnas/space/search_space.hpp>

struct dw5 {
    static constexpr std::string_view name = "dw5";
    static constexpr fitnas::recipe build(fitnas::cell c) {
        return {fitnas::depthwise(5, c.stride), fitnas::batch_norm(), fitnas::relu(),
                fitnas::pointwise(c.width),     fitnas::batch_norm(), fitnas::residual_if_same_shape()};
    }
};
using ops = fitnas::operator_set<dw5, fitnas::op::mbconv<3, 2>, fitnas::op::identity>;
struct space : fitnas::search_space<fitnas::image<16, 16, 3>, fitnas::stem<8, 1>,
                                    fitnas::stage<ops, 3, 16, 2>, fitnas::head<32, 4>> {};

inline const std::vector<std::string> class_names = {"rows", "columns", "checks", "disc"};

#endif
