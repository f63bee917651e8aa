#include <stdexcept>
#include <string>
#include <type_traits>

#include <doctest/doctest.h>

#include <fitnas/core/error.hpp>

using namespace fitnas;

namespace {

template <class Error>
void check_kind() {
    static_assert(std::is_base_of_v<error, Error>);
    static_assert(std::is_nothrow_copy_constructible_v<Error>);
    // Caught as itself, as the library's base and as the standard's, with its text.
    CHECK_THROWS_WITH_AS(throw Error("what was wrong"), "what was wrong", Error);
    CHECK_THROWS_WITH_AS(throw Error("what was wrong"), "what was wrong", error);
    CHECK_THROWS_WITH_AS(throw Error(std::string("what was wrong")), "what was wrong", std::runtime_error);
}

} // namespace

TEST_CASE("every kind of error is caught as fitnas::error and as std::runtime_error") {
    check_kind<architecture_error>();
    check_kind<shape_error>();
    check_kind<option_error>();
    check_kind<data_error>();
    check_kind<numeric_error>();
    check_kind<limit_error>();
}

TEST_CASE("kinds of errors are told apart") {
    static_assert(!std::is_base_of_v<shape_error, data_error>);
    static_assert(!std::is_base_of_v<option_error, limit_error>);
    bool other = false;
    try {
        throw numeric_error("a");
    } catch (const data_error&) {
        FAIL("a numeric_error is no data_error");
    } catch (const error&) {
        other = true;
    }
    CHECK(other);
}

TEST_CASE("an identifier at the head of the text is known to programs") {
    CHECK(option_error("[F0412] batch: expected at least 1, got 0").id() == "F0412");
    const data_error outer("[F0915] a.csv:2: " + std::string(architecture_error("[F0301] code").what()));
    CHECK(outer.id() == "F0915");
    for (const char* text : {"", "[F041", "[F0412", "(F0412) a", "a [F0412] b", "no identifier"}) {
        CAPTURE(text);
        CHECK(error(text).id().empty());
    }
}
