// What fwd.hpp declares is enough to name types in an interface, and agrees with the definitions.
#include <fitnas/fwd.hpp>

int cells_of(const fitnas::space_layout& layout);
template <class Space>
struct report {
    const fitnas::recipe* steps;
};
extern template struct report<fitnas::spaces::fashion_mini>;

#include <fitnas/fitnas.hpp>

int cells_of(const fitnas::space_layout& layout) { return layout.cells; }
template struct report<fitnas::spaces::fashion_mini>;
