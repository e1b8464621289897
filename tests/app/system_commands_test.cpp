// SPDX-License-Identifier: Apache-2.0
// What the program says of itself: doctor, config, completion, man, and of mistyped flags.
#include "tests/app/workshop.hpp"

using namespace evenray;

TEST_CASE("a mistyped flag is answered with the nearest one") {
  const ScratchFolder scratch;
  const auto told = [&](const Words& words, const std::string& part) {
    fails(scratch.path(), words, Exit::usage, part);
  };
  told({"data", "pack", "x", "--siz", "3"},
       "unknown flag '--siz' of `evenray data pack`; did you mean '--size'?");
  told({"study", "run", "x.toml", "--jsn"}, "did you mean '--json'?");
  told({"data", "pack", "x", "--qqqqqq=1"}, "unknown flag '--qqqqqq' of `evenray data pack` (see ");
  told({"--hlp"}, "unknown flag '--hlp' of `evenray`; did you mean '--help'?");
  told({"data", "pack", "x", "--size", "3"}, "--split is required");
}

TEST_CASE("doctor, config, completion and man speak of the program") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  const Json doctor = done(at, {"doctor", "--json"}).json();
  for (const char* key : {"evenray", "torch", "threads", "gpus", "free_gb", "write_mb_per_s"})
    CHECK(doctor.contains(key));
  CHECK(doctor["torch"].get<std::string>().starts_with("2."));
  const std::string text = done(at, {"doctor"}).out;
  CHECK(contains(text, "torch"));
  for (const auto& [key, value] : doctor.items())
    if (key != "schema") CHECK(contains(text, "\n" + key) != text.starts_with(key));
  CHECK((contains(text, "There is no GPU") || contains(text, "Nothing needs to be changed")));
  CHECK(files_in(at).empty());

  const std::string all = done(at, {"config"}).out;
  for (const char* part : {"seed = 1",
                           "[data]",
                           "size_px = [80, 64]",
                           "[gan]",
                           "total_kimg = ",
                           "[balance]",
                           "[classify]",
                           "[study]",
                           "checkpoint_every_s = "}) {
    CAPTURE(part);
    CHECK(contains(all, part));
  }
  CHECK(contains(read_file(source_folder() / "docs/config.md"), "```toml\n" + all + "```\n"));
  // What it prints is a configuration, and reads back as itself.
  write_text(scratch / "all.toml", all);
  CHECK(done(at, {"config", "--config", "all.toml"}).out == all);
  const std::string gan = done(at, {"config", "gan", "--set", "gan.dcgan.ngf=7"}).out;
  CHECK(contains(gan, "ngf = 7"));
  CHECK_FALSE(contains(gan, "[classify]"));

  for (const char* shell : {"bash", "zsh", "fish"}) {
    CAPTURE(shell);
    const std::string script = done(at, {"completion", shell}).out;
    for (const char* word : {"classify", "preview", "strategy"}) CHECK(contains(script, word));
  }
  write_text(scratch / "completion.bash", done(at, {"completion", "bash"}).out);
  const std::string check =
      cat("cd '",
          at.string(),
          "' && bash -c '. ./completion.bash; COMP_WORDS=(evenray gan tr); "
          "COMP_CWORD=2; _evenray; echo ${COMPREPLY[0]} > said; "
          "COMP_WORDS=(evenray balance x --strat); COMP_CWORD=3; _evenray; "
          "echo ${COMPREPLY[0]} >> said; "
          "COMP_WORDS=(evenray classify train x --arch resnet); COMP_CWORD=5; "
          "_evenray; echo ${COMPREPLY[*]} >> said; "
          "COMP_WORDS=(evenray data export x --to = y); COMP_CWORD=6; "
          "_evenray; echo ${COMPREPLY[*]} >> said; "
          "evenray() { printf \"Fractured\\n\\$(touch run) x\\n\"; }; "
          "COMP_WORDS=(evenray gan train set.h5 --class \"\"); COMP_CWORD=5; "
          "_evenray; echo ${#COMPREPLY[@]} ${COMPREPLY[0]} >> said; "
          "COMP_WORDS=(evenray config tu); COMP_CWORD=2; "
          "_evenray; echo ${COMPREPLY[0]} >> said'");
  REQUIRE(std::system(check.c_str()) == 0);
  CHECK(read_file(scratch / "said") ==
        "train\n--strategy\nresnet18 resnet50\nyolo\n2 Fractured\ntune\n");
  CHECK_FALSE(std::filesystem::exists(scratch / "run"));  // no class name is run
  const std::string set = workshop() / "set.h5";
  CHECK(done(at, {"complete-classes", "--", "evenray", "gan", "train", set, "--class"}).out ==
        "Non_fractured\nFractured\n");

  const std::string manual = done(at, {"man"}).out;
  CHECK(manual.starts_with(".TH EVENRAY 1"));
  for (const char* word : {"evenray gan train",
                           "evenray data pack",
                           "evenray study status",
                           ".SH EXAMPLES",
                           ".SH EXIT STATUS",
                           ".SH FILES"})
    CHECK(contains(manual, word));
  CHECK(contains(done(at, {"--help"}).out, "balance"));
  CHECK(contains(done(at, {"gan", "train", "--help"}).out, "--class"));
  CHECK(done(at, {"--version"}).out.starts_with("evenray "));
}
