#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <fitnas/io/checkpoint.hpp>
#include <fitnas/io/recipe_json.hpp>

#include "../supernet/every_primitive.hpp"
#include "../supernet/small_spaces.hpp"
#include "../support/temporary_folder.hpp"
#include "../support/thrown.hpp"

using namespace fitnas;

namespace {

// What follows the kind in a step, without name and shapes.
std::string constants(json step) {
    for (const char* key : {"name", "input", "output", "tensors"}) {
        step.erase(key);
    }
    return step.dump();
}

template <class Net>
json saved(const Net& net) {
    const temporary_folder folder;
    save_recipe(folder.path("net.json"), net);
    CHECK(folder.names() == std::vector<std::string>{"net.json"});
    return read_json(folder.path("net.json"));
}

} // namespace

TEST_CASE("the recipe of a supernet has each operator of each layer") {
    const json j = saved(supernet<small::space>(seed{1}));
    CHECK(j["format"] == "fitnas recipe");
    CHECK(j["schema"] == 1);
    CHECK(j["space"] == space_fingerprint<small::space>());
    CHECK(j["architecture"] == "supernet");
    CHECK(j["input"] == json{8, 8, 1});
    CHECK(j["classes"] == 4);
    REQUIRE(j["layers"].size() == 5);
    CHECK(j["layers"][0]["cell"] == nullptr);
    CHECK(j["layers"][3]["cell"] == 2);
    REQUIRE(j["layers"][3]["operators"].size() == 3);
    CHECK(j["layers"][2]["operators"][1]["steps"].empty()); // identity
    const json& squeezed = j["layers"][3]["operators"][2];
    CHECK(squeezed["name"] == "cell2.op2_mb2_k3_se4");
    CHECK(squeezed["candidate"] == 2);
    CHECK(squeezed["input"] == json{8, 8, 8});
    CHECK(squeezed["output"] == json{4, 4, 12});
    REQUIRE(squeezed["steps"].size() == 10);
    CHECK(squeezed["steps"][3] == json{{"primitive", "depthwise"},
                                       {"kernel", 3},
                                       {"stride", 2},
                                       {"name", "cell2.op2_mb2_k3_se4.step3_depthwise"},
                                       {"input", {8, 8, 16}},
                                       {"output", {4, 4, 16}},
                                       {"tensors", {"cell2.op2_mb2_k3_se4.step3_depthwise.weight"}}});
    CHECK(squeezed["steps"][6]["tensors"] ==
          json{"cell2.op2_mb2_k3_se4.step6_squeeze.weight", "cell2.op2_mb2_k3_se4.step6_squeeze.bias",
               "cell2.op2_mb2_k3_se4.step6_excite.weight", "cell2.op2_mb2_k3_se4.step6_excite.bias"});
    CHECK(squeezed["steps"][6]["hidden"] == 4);
    CHECK(squeezed["steps"][9]["primitive"] == "residual_if_same_shape");

    const temporary_folder folder;
    save_recipe<small::space>(folder.path("space.json"));
    CHECK(read_json(folder.path("space.json")) == j);
    CHECK(contains(thrown<data_error>([&] { save_recipe<small::space>(folder.path("no/a.json")); }),
                   "[F0956]"));
}

TEST_CASE("the recipe of a network names the tensors of its checkpoint") {
    network<small::space> net(parse<small::space>("012"), seed{1});
    net.calibrate(small::images().train, 50);
    const json j = saved(net);
    CHECK(j["architecture"] == "012");
    const temporary_folder folder;
    save_checkpoint(folder.path("net"), net);
    const safetensors file(folder.path("net"));
    std::size_t parameters = 0;
    for (const json& layer : j["layers"]) {
        REQUIRE(layer["operators"].size() == 1);
        for (const json& step : layer["operators"][0]["steps"]) {
            for (const json& name : step["tensors"]) {
                parameters += file.values<float>(name.get<std::string>()).size();
            }
            if (step["primitive"] == "batch_norm") {
                CHECK(file.find(step["name"].get<std::string>() + ".statistics") != nullptr);
            }
        }
    }
    CHECK(parameters == net.parameters().size());
}

TEST_CASE("a recipe says each primitive with its constants") {
    const auto steps = [](const json& j, std::size_t layer, std::size_t candidate) {
        std::string text;
        for (const json& step : j["layers"][layer]["operators"][candidate]["steps"]) {
            text += constants(step) + "\n";
        }
        return text;
    };
    const json j = saved(supernet<every::space>(seed{1}));
    CHECK(steps(j, 3, 3) == R"({"primitive":"batch_norm","epsilon":1e-05}
{"primitive":"activate","activation":"relu6"}
{"primitive":"residual"}
{"primitive":"batch_norm","epsilon":1e-05}
{"primitive":"batch_norm","epsilon":1e-05}
{"primitive":"linear"}
{"primitive":"batch_norm","epsilon":1e-05}
{"primitive":"activate","activation":"none"}
{"primitive":"activate","activation":"hard_swish"}
{"primitive":"activate","activation":"relu6"}
{"primitive":"average_pool","kernel":3,"stride":1}
{"primitive":"batch_norm","epsilon":1e-05}
{"primitive":"depthwise","kernel":5,"stride":2}
{"primitive":"batch_norm","epsilon":1e-05}
{"primitive":"convolution","kernel":3,"stride":1}
)");
    CHECK(steps(j, 1, 5) == R"({"primitive":"convolution","kernel":1,"stride":1}
{"primitive":"batch_norm","epsilon":1e-05}
{"primitive":"activate","activation":"relu"}
{"primitive":"depthwise","kernel":9,"stride":1}
{"primitive":"activate","activation":"relu"}
{"primitive":"max_pool","kernel":5,"stride":1}
{"primitive":"batch_norm","epsilon":1e-05}
{"primitive":"squeeze_excite","hidden":3}
{"primitive":"batch_norm","epsilon":1e-05}
{"primitive":"residual_if_same_shape"}
)");
    CHECK(steps(j, 6, 0) == R"({"primitive":"pointwise","stride":1}
{"primitive":"batch_norm","epsilon":1e-05}
{"primitive":"activate","activation":"relu"}
{"primitive":"global_pool"}
{"primitive":"linear"}
)");
    const json own = saved(supernet<every::thin_space>(seed{1}));
    CHECK(constants(own["layers"][1]["operators"][1]["steps"][3]) ==
          R"({"primitive":"custom","type":"thinned"})");
    CHECK(own["layers"][1]["operators"][1]["steps"][3]["tensors"] ==
          json{"cell0.op1_thin.step3_thinned.parameters"});
}
