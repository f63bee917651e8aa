/// Files of tables and weights.
#include <string>
#include <vector>

#include <fitnas/io/checkpoint.hpp>
#include <fitnas/io/csv.hpp>
#include <fitnas/io/csv_candidates.hpp>
#include <fitnas/io/json.hpp>
#include <fitnas/io/predictor.hpp>
#include <fitnas/op/conv.hpp>
#include <fitnas/op/identity.hpp>
#include <fitnas/op/pool.hpp>

#include "refused.hpp"

using namespace fitnas;

namespace {
using operators = operator_set<op::identity, op::max_pool<3>>;
using space = search_space<image<8, 8, 1>, stem<4>, stage<operators, 2, 4>, head<4, 3>>;
using net = gcn::model<encoding::chain<space, feature::cell_operator>, gcn::conv<4>, gcn::relu,
                       gcn::mean_pool, gcn::linear<1>>;
using wider_net = gcn::model<encoding::chain<space, feature::cell_operator>, gcn::conv<8>, gcn::relu,
                             gcn::mean_pool, gcn::linear<1>>;
using wider_space = search_space<image<8, 8, 1>, stem<8>, stage<operators, 2, 8>, head<8, 3>>;
} // namespace

TEST_CASE("misuse of files") {
    const working_folder folder;
    folder.write("scores.csv", "arch,accuracy\n00,0.5\n01,0.6\n");
    folder.write("codes.csv", "arch,score\n00,0.5\n1,0.6\n");
    folder.write("words.csv", "arch,score\n00,good\n");
    folder.write("nan.csv", "arch,score\n00,nan\n");
    folder.write("ragged.csv", "arch,score\n00\n");
    folder.write("semicolons.csv", "arch;score\n00;0.5\n");
    folder.write("unicode.csv", std::string("\xFF\xFE"
                                            "a\0r\0c\0h\0",
                                            10));
    folder.write("empty.csv", "");
    folder.write("scores.json", "{\"00\": 0.5}");
    folder.write("text.json", "[{\"arch\": \"00\", \"score\": \"0.5\"}]");
    folder.write("model.pth", std::string("PK\3\4\0\0\0\0\0\0\0\0", 12));
    supernet<space> super(seed{1});
    save_checkpoint("super.safetensors", super);
    folder.write("cut.safetensors", "");
    std::filesystem::copy_file("super.safetensors", "cut.safetensors",
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file("cut.safetensors", std::filesystem::file_size("cut.safetensors") - 8);

    save_predictor("model.json", fitted<net>(net::initial_parameters(seed{1})));
    json edited = to_json(ridge<space>(0.5, {1, 2, 3, 4}));
    edited["values"]["offset"] = 5;
    write_json("edited.json", edited);

    // a file that is not there
    REFUSED(call, data_error, "[F0405] score.csv: cannot be opened: No such file or directory",
            read_csv<space>("score.csv"));
    // a folder instead of a file
    REFUSED(call, data_error, "[F0411] .: cannot be read: Is a directory", read_csv<space>("."));
    // an empty file
    REFUSED(call, data_error, "[F0921] empty.csv: expected a header, the file is empty",
            read_csv<space>("empty.csv"));
    // scores in a column of another name
    REFUSED(call, data_error,
            "[F0923] scores.csv:1: expected a header with the column \"score\", got arch, accuracy",
            read_csv<space>("scores.csv"));
    // semicolons between the columns
    REFUSED(call, data_error,
            "[F0923] semicolons.csv:1: expected a header with the column \"arch\", got arch;score",
            read_csv<space>("semicolons.csv"));
    // a leading zero that a spreadsheet took away
    REFUSED(call, data_error,
            "[F0915] codes.csv:3: column arch: [F0301] architecture code \"1\": expected 2 characters, one a "
            "cell, got 1",
            read_csv<space>("codes.csv"));
    // a score in words
    REFUSED(call, data_error, "[F0928] words.csv:2: column score: expected a number, got \"good\"",
            read_csv<space>("words.csv"));
    // a score that is not a number
    REFUSED(call, data_error, "[F0916] nan.csv:2: column score: expected a finite number, got \"nan\"",
            read_csv<space>("nan.csv"));
    // a row without its score
    REFUSED(call, data_error, "[F0924] ragged.csv:2: expected 2 fields, got 1",
            read_csv<space>("ragged.csv"));
    // a spreadsheet's "Unicode text"
    REFUSED(call, data_error, "[F0976] unicode.csv: expected text in UTF-8, the file is in UTF-16",
            read_csv<space>("unicode.csv"));
    // a comma for comments
    REFUSED(call, option_error,
            "[F0977] scores.csv: comment: expected one of !#$%&'*/:;<=>?@\\^_`|~, got ','",
            read_csv<space>("scores.csv", {.comment = ','}));
    // a folder that is not there
    REFUSED(call, data_error,
            "[F0956] out/scores.csv: cannot be written: out/scores.csv.tmp: No such file or directory",
            write_csv("out/scores.csv", score_table<space>{}));
    // a folder where a file is to be written
    REFUSED(call, data_error,
            "[F0972] .: cannot be put in place: expected a file or nothing there, got a folder",
            write_csv(".", score_table<space>{}));
    // a device where a file is to be written
    REFUSED(call, data_error,
            "[F0972] /dev/null: cannot be put in place: expected a file or nothing there, got a device",
            write_csv("/dev/null", score_table<space>{}));
    // no name for a file
    REFUSED(call, data_error,
            "[F0970] \"\": cannot be written: expected the path of a file, got an empty one",
            write_csv("", score_table<space>{}));
    // an object instead of a list of rows
    REFUSED(call, data_error, "[F0936] scores.json: expected a list of rows, got a JSON object",
            score_table_from_json<space>(read_json("scores.json"), "scores.json"));
    // a score in quotes
    REFUSED(call, data_error, "[F0938] text.json: row 0: \"score\": expected a finite number, got \"0.5\"",
            score_table_from_json<space>(read_json("text.json"), "text.json"));
    // the weights of another space
    REFUSED(call, data_error,
            "[F0905] super.safetensors: of another space: expected space \"67797bb04663dbf7\", got "
            "\"17e48af946f7c4bf\"",
            supernet<wider_space> wider(seed{1});
            load_checkpoint("super.safetensors", wider));
    // the weights of a supernet for one network
    REFUSED(call, data_error,
            "[F0905] super.safetensors: of another network: expected architecture \"10\", got \"supernet\"",
            network<space> net(parse<space>("01"));
            load_checkpoint("super.safetensors", net));
    // weights of PyTorch
    REFUSED(call, data_error,
            "[F0946] model.pth: not a safetensors file: expected a header that begins with {",
            load_checkpoint("model.pth", super));
    // a file that was cut off
    REFUSED(call, data_error, "[F0408] cut.safetensors: truncated: expected 1472 bytes of tensors, got 1464",
            load_checkpoint("cut.safetensors", super));
    // a predictor of another type
    REFUSED(call, data_error,
            "[F0968] model.json: of another model: kind: expected \"ensemble\", got \"fitted\"",
            load_predictor<ensemble<fitted<net>>>("model.json"));
    // a predictor whose layers are others
    REFUSED(call, data_error,
            "[F0968] model.json: of another model: layers[0]: expected "
            "{\"name\":\"conv\",\"nodes\":2,\"width\":8,\"parameters\":40}, got "
            "{\"name\":\"conv\",\"nodes\":2,\"width\":4,\"parameters\":20}",
            load_predictor<fitted<wider_net>>("model.json"));
    // the predictor of another space
    REFUSED(call, data_error,
            "[F0967] model.json: of another space: expected the fingerprint 67797bb04663dbf7 and cells with "
            "[2,2] "
            "operators, got 17e48af946f7c4bf and [2,2]",
            load_predictor<ridge<wider_space>>("model.json"));
    // a table of scores for a predictor
    REFUSED(call, data_error,
            "[F0965] text.json: not a predictor: expected an object with \"format\": \"fitnas predictor\"",
            load_predictor<ridge<space>>("text.json"));
    // numbers of a predictor that were edited
    REFUSED(call, data_error,
            "[F0973] edited.json: damaged: expected values with the checksum 3481970452, they have 341767229",
            load_predictor<ridge<space>>("edited.json"));
    save_weights("weights.safetensors", super);
    // a training that would go on from weights alone
    REFUSED(call, option_error,
            "[F0998] train: cannot go on from weights.safetensors: it holds weights alone, without the state "
            "of their training; as first weights load_checkpoint takes them, and the training is kept in a "
            "file of its own",
            train(super, image_dataset{}, {}, checkpoint_options{.file = "weights.safetensors"}));
    // the weights of a supernet as a network
    REFUSED(call, data_error,
            "[F0999] super.safetensors: expected the weights of one network, got those of a supernet: make a "
            "network of it by network(architecture, supernet)",
            load_network<space>("super.safetensors"));
    // a checkpoint without a path
    REFUSED(call, option_error, "[F0914] checkpoint_options::file: expected a path, got none",
            train(super, image_dataset{}, {}, checkpoint_options{}));
}
