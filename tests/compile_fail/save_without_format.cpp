// expect: [F0969] save_predictor(path, model), load_predictor<Model>(path): the model's type has no
// predictor_format
#include <span>
#include <vector>

#include <fitnas/io/predictor.hpp>
#include <fitnas/space/codes.hpp>

using namespace fitnas;

struct mine {
    using space = codes<3, 3>;
    double predict(const architecture<space>&) const { return 1; }
    std::vector<double> predict(std::span<const architecture<space>> many) const {
        return std::vector<double>(many.size(), 1.0);
    }
};
auto saved() { return to_json(mine{}); }
