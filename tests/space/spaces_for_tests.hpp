#ifndef FITNAS_TESTS_SPACE_SPACES_FOR_TESTS_HPP
#define FITNAS_TESTS_SPACE_SPACES_FOR_TESTS_HPP

#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/op/mbconv.hpp>
#include <fitnas/op/pool.hpp>
#include <fitnas/space/search_space.hpp>

/// Four cells with 3, 3, 2 and 4 operators and a layer that is not searched; 72 codes. The last cell keeps
/// its shape, its identity stands first, and two of its operators are the same network.
using wide_ops = fitnas::operator_set<fitnas::op::identity, fitnas::op::mbconv<3, 2>, fitnas::op::conv<3>>;
using two_ops = fitnas::operator_set<fitnas::op::separable<3>, fitnas::op::max_pool<3>>;
using last_ops = fitnas::operator_set<fitnas::op::identity, fitnas::op::mbconv<3, 2>,
                                      fitnas::op::mbconv<3, 2>, fitnas::op::avg_pool<3>>;
struct mixed_space
    : fitnas::search_space<fitnas::image<12, 12, 2>, fitnas::stem<4>, fitnas::stage<wide_ops, 2, 6, 2>,
                           fitnas::fixed<fitnas::op::conv<1>, 6>, fitnas::stage<two_ops, 1, 8, 2>,
                           fitnas::stage<last_ops, 1, 8>, fitnas::head<16, 3>> {};

/// Six cells with 3, 3, 2, 2, 3 and 3 operators, 324 codes. Four layers read choices made before: the first
/// two cells, which have identities, choose in a wider stage too, and two in a stage behind.
struct shared_space
    : fitnas::search_space<fitnas::image<8, 8, 2>, fitnas::stem<4>, fitnas::stage<wide_ops, 2, 4>,
                           fitnas::stage<two_ops, 2, 6, 2>, fitnas::again<wide_ops, 2, 6, 0>,
                           fitnas::fixed<fitnas::op::conv<1>, 6>, fitnas::again<two_ops, 1, 8, 3, 2>,
                           fitnas::stage<wide_ops, 2, 8>, fitnas::again<wide_ops, 1, 8, 4>,
                           fitnas::head<8, 3>> {};

#endif
