// SPDX-License-Identifier: Apache-2.0
#include "core/config.hpp"

#include <catch2/catch.hpp>

#include "tests/fixture.hpp"

using namespace evenray;

namespace {

struct Optim {
  double rate = 2e-4;
  std::vector<double> betas{.5, .999};
  void fields(Fields& f) {
    f("rate", rate, "step size");
    f("betas", betas, "decay of the moments");
  }
};

struct Options {
  int64_t total_kimg = 100;
  bool mirror = false;
  std::string family = "dcgan";
  std::vector<int64_t> size_px{64, 64};
  std::vector<std::string> arms{"real"};
  Optim optim;
  void fields(Fields& f) {
    f("total_kimg", total_kimg, "thousands of real images shown");
    f("mirror", mirror, "mirror at random");
    f.section("optim", optim);
    f("family", family, "which network");
    f("size_px", size_px, "height, width");
    f("arms", arms, "what is compared");
  }
};

struct Whole {
  Options gan;
  int64_t seed = 1;
  Visit visit() {
    return [this](Fields& f) {
      f.section("gan", gan);
      f("seed", seed, "of all random streams");
    };
  }
};

Error error_in(const std::string& text) {
  return error_of([&] {
    Whole whole;
    read_config_text(whole.visit(), text, "a.toml");
  });
}

Error error_set(const std::string& set) {
  return error_of([&] {
    Whole whole;
    ConfigText("", {set}).apply(whole.visit());
  });
}

}  // namespace

TEST_CASE("a set may leave out the nought before the point") {
  Whole whole;
  ConfigText("", {"gan.optim.rate=-.25", "gan.optim.betas=[.5,.9, .1]", "gan.family=v.5 or .5"})
      .apply(whole.visit());
  CHECK(whole.gan.optim.rate == -.25);
  CHECK(whole.gan.optim.betas == std::vector<double>{.5, .9, .1});
  CHECK(whole.gan.family == "v.5 or .5");
}

TEST_CASE("defaults, then the file, then the sets") {
  const ScratchFolder folder;
  write_atomic(folder / "c.toml",
               "seed = 5\n[gan]\ntotal_kimg = 7\nmirror = true\n[gan.optim]\nrate = 1\n");
  Whole whole;
  ConfigText(folder / "c.toml",
             {"gan.total_kimg=9",
              "gan.family=pggan",
              "gan.size_px=[80, 64]",
              "gan.arms=[\"a\", \"b\"]",
              "gan.optim.betas = [0, 0.99]"})
      .apply(whole.visit());
  CHECK(whole.seed == 5);
  CHECK(whole.gan.total_kimg == 9);
  CHECK(whole.gan.mirror);
  CHECK(whole.gan.optim.rate == 1);
  CHECK(whole.gan.family == "pggan");
  CHECK(whole.gan.size_px == std::vector<int64_t>{80, 64});
  CHECK(whole.gan.arms == std::vector<std::string>{"a", "b"});
  CHECK(whole.gan.optim.betas == std::vector<double>{0, .99});
}

TEST_CASE("a bare word, a path and an empty value are texts") {
  for (const std::string text : {"pggan", "../a b/c.toml", "", "1.2.3", "it's \"so\""}) {
    Whole whole;
    ConfigText("", {"gan.family=" + text}).apply(whole.visit());
    CHECK(whole.gan.family == text);
  }
}

TEST_CASE("what is written reads back, whatever the texts hold") {
  Whole whole;
  whole.seed = -3;
  whole.gan.family = "a \"b\" \\ 'c'\n\t# [d] = \xc3\xa4";
  whole.gan.arms = {};
  whole.gan.optim.rate = 0.30000000000000004;
  whole.gan.optim.betas = {1e300, 1e-9, 3};
  for (bool comments : {false, true}) {
    Whole back;
    read_config_text(back.visit(), write_config(whole.visit(), comments), "written");
    CHECK(flat_config(back.visit()) == flat_config(whole.visit()));
    CHECK(back.gan.family == whole.gan.family);
    CHECK(back.gan.optim.rate == whole.gan.optim.rate);
  }
}

TEST_CASE("the written form") {
  Whole whole;
  CHECK(write_config(whole.visit()) ==
        "seed = 1\n\n[gan]\ntotal_kimg = 100\nmirror = false\nfamily = 'dcgan'\nsize_px = [64, "
        "64]\n"
        "arms = ['real']\n\n[gan.optim]\nrate = 0.0002\nbetas = [0.5, 0.999]\n");
  CHECK(write_config(whole.visit(), true, "gan.optim") ==
        "[gan.optim]\n# step size\nrate = 0.0002\n# decay of the moments\nbetas = [0.5, 0.999]\n");
  CHECK(contains(write_config(whole.visit(), false, "gan"), "[gan.optim]"));
  const Error error = error_of([&] { write_config(whole.visit(), false, "gam"); });
  CHECK(error.code() == Exit::usage);
  CHECK(contains(error.what(), "gam"));
  const auto flat = flat_config(whole.visit());
  CHECK(flat.size() == 8);
  CHECK(flat.at("gan.optim.rate") == "0.0002");
}

TEST_CASE("an unknown key is named with its line and the nearest known one") {
  const Error error = error_in("seed = 1\n[gan]\ntotal_kimgs = 3\n");
  CHECK(error.code() == Exit::config);
  CHECK(std::string(error.what()) ==
        "a.toml line 3: unknown key 'gan.total_kimgs'; did you mean 'gan.total_kimg'?");
  CHECK(contains(error_in("[nothing]\n").what(), "unknown key 'nothing'"));
  CHECK(contains(error_in("[optim]\n").what(), "did you mean 'gan.optim'?"));
  CHECK(contains(error_in("gan = 3\n").what(), "gan"));
  CHECK(error_set("gan.totalkimg=3").code() == Exit::config);
  CHECK(contains(error_set("gan.totalkimg=3").what(),
                 "--set: unknown key 'gan.totalkimg'; did you mean"));
}

TEST_CASE("a wrong type is named with what is wanted") {
  CHECK(std::string(error_in("seed = 1.5\n").what()) ==
        "a.toml line 1: seed must be a whole number");
  CHECK(contains(error_in("[gan]\nmirror = 1\n").what(), "gan.mirror must be true or false"));
  CHECK(contains(error_in("[gan]\nfamily = 1\n").what(), "gan.family must be a text"));
  CHECK(contains(error_in("[gan]\nsize_px = [1, 2.5]\n").what(),
                 "gan.size_px must be a list of whole numbers"));
  CHECK(
      contains(error_in("[gan.optim]\nrate = \"x\"\n").what(), "gan.optim.rate must be a number"));
  CHECK(error_set("seed=many").code() == Exit::config);
}

TEST_CASE("what is no TOML, no set, no file") {
  CHECK(error_in("seed = = 1\n").code() == Exit::config);
  CHECK(contains(error_in("\n\nseed 1\n").what(), "a.toml line 3"));
  CHECK(error_set("seed").code() == Exit::usage);
  CHECK(error_set("=3").code() == Exit::usage);
  CHECK(error_set("a b=3").code() == Exit::config);
  Whole whole;
  CHECK(error_of([&] { ConfigText("/nowhere.toml", {}); }).code() == Exit::missing_input);

  std::string deep = "a";
  for (int i = 0; i < 100'000; ++i) deep += ".a";
  for (const std::string& text : {deep + " = 1\n", "[" + deep + "]\n", "[x." + deep + "]\n"}) {
    const Error error = error_in("seed = 2\n# a comment\nname = 'a.b'\n" + text);
    CHECK(error.code() == Exit::config);
    CHECK(std::string(error.what()) ==
          "a.toml line 4: a key has more than 64 parts; no setting is nested that deep");
  }
  CHECK(error_set(deep + "=1").code() == Exit::config);
  CHECK(error_in("seed = " + std::string(100'000, '[')).code() == Exit::config);
  // Points in texts and lists are no parts of keys.
  std::string points = "[gan]\nfamily = \"\\\"" + std::string(99, '.') + "\" # " +
                       std::string(99, '.') + "\narms = ['''" + std::string(99, '.') + "''']\n" +
                       "optim.betas = [0.5";
  for (int i = 0; i < 99; ++i) points += ", 0.5";
  read_config_text(whole.visit(), points + "]\n", "a.toml");
  CHECK(whole.gan.optim.betas.size() == 100);
}

namespace {

struct Part {
  std::string name;
  double share = 1;
  void fields(Fields& f) {
    f("name", name, "what it is called");
    f("share", share, "how much of it");
  }
};

/// A list of structs, and keys that have moved.
struct Listed {
  std::vector<Part> parts;
  Optim optim;
  Visit visit() {
    return [this](Fields& f) {
      f.section("optim", optim);
      f.list("study.part", parts);
      f.moved("rate", "optim.rate");
    };
  }
};

}  // namespace

TEST_CASE("a list of structs is read, written, compared and read back") {
  Listed listed;
  read_config_text(listed.visit(),
                   "[[study.part]]\nname = 'a'\n[[study.part]]\nname = 'b'\nshare = 2\n",
                   "a.toml");
  REQUIRE(listed.parts.size() == 2);
  CHECK(listed.parts[0].share == 1);
  CHECK(listed.parts[1].share == 2);
  CHECK(flat_config(listed.visit()).at("study.part[1].name") == "'b'");
  const std::string text = write_config(listed.visit());
  CHECK(contains(text, "[[study.part]]\nname = 'a'\nshare = 1.0\n"));
  Listed back;
  back.parts.resize(5);
  read_config_text(back.visit(), text, "text");
  CHECK(write_config(back.visit()) == text);
  // A whole text without the list empties it.
  read_config_text(back.visit(), "[optim]\nrate = 1.0\n", "text");
  CHECK(back.parts.empty());
  CHECK(contains(write_config(back.visit(), /*comments=*/true),
                 "# [[study.part]]\n# # what it is called\n# name = ''\n"));
  const auto error = [](const std::string& toml) {
    return error_of([&] {
      Listed wrong;
      read_config_text(wrong.visit(), toml, "a.toml");
    });
  };
  CHECK(error("[[study.part]]\nnam = 'a'\n").code() == Exit::config);
  CHECK(contains(error("[[study.part]]\nnam = 'a'\n").what(), "study.part number 1"));
  CHECK(contains(error("[[study.part]]\nnam = 'a'\n").what(), "did you mean 'name'"));
  CHECK(contains(error("[study]\npart = 3\n").what(), "must be a list of tables"));
}

TEST_CASE("a key at its old place is read, and named with its new place") {
  Listed listed;
  const ConfigText text = ConfigText::parse("rate = 3.0\n", "a.toml");
  text.apply(listed.visit());
  CHECK(listed.optim.rate == 3);
  CHECK(text.moved_keys(listed.visit()) ==
        std::vector<std::string>{"a.toml line 1: rate is now optim.rate"});
  CHECK(ConfigText::parse("[optim]\nrate = 3.0\n", "a.toml").moved_keys(listed.visit()).empty());
}

TEST_CASE("a flag's words become the type of its key") {
  Whole whole;
  const auto set = [&](const std::string& key, const std::vector<std::string>& words) {
    set_field(whole.visit(), key, words, "--flag");
  };
  set("gan.total_kimg", {"7"});
  set("gan.optim.rate", {".5"});
  set("gan.optim.betas", {"0", ".9"});
  set("gan.family", {"pg gan"});
  set("gan.mirror", {});
  set("gan.arms", {"a", "b"});
  CHECK(whole.gan.total_kimg == 7);
  CHECK(whole.gan.optim.rate == .5);
  CHECK(whole.gan.optim.betas == std::vector<double>{0, .9});
  CHECK(whole.gan.family == "pg gan");
  CHECK(whole.gan.mirror);
  CHECK(whole.gan.arms == std::vector<std::string>{"a", "b"});
  const Error error = error_of([&] { set("gan.total_kimg", {"7x"}); });
  CHECK(error.code() == Exit::usage);
  CHECK(contains(error.what(), "--flag takes a whole number, not '7x'"));
  CHECK(field_help(whole.visit(), "seed") == "of all random streams");
  CHECK(field_words(whole.visit(), "gan.mirror") == 0);
  CHECK(field_words(whole.visit(), "seed") == 1);
  CHECK(field_words(whole.visit(), "gan.size_px") == 2);
}
