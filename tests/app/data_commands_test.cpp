// SPDX-License-Identifier: Apache-2.0
// The commands on collections once, for real, on phantoms.
#include "core/csv.hpp"
#include "tests/app/workshop.hpp"

using namespace evenray;

TEST_CASE("data inspect, audit and view look at a collection") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  Json found = done(at, {"data", "inspect", kPhantoms, "--json", "--html", "inspect.html"}).json();
  CHECK(found["images"] == 120);
  CHECK(found["classes"].size() == 2);
  CHECK(found["classes"][1]["name"] == "Fractured");
  CHECK(found["classes"][1]["images"] == 36);
  CHECK(found["classes"][1]["boxes"] >= 36);
  CHECK(found["sizes"][0]["height"] == 40);
  CHECK(found["bits"] == 8);
  CHECK(found["imbalance_ratio"].get<double>() == Approx(84. / 36));
  CHECK(found["irlbl"]["Fractured"].get<double>() == Approx(84. / 36));
  CHECK(found["metadata"].contains("view"));
  CHECK(contains(read_file(scratch / "inspect.html"), "Fractured"));
  CHECK(contains(done(at, {"data", "inspect", kPhantoms}).out, "Fractured"));

  found = done(at, {"data", "audit", kPhantoms, "--json", "--html", "audit.html"}).json();
  CHECK(found["images"] == 120);
  CHECK(found["findings"].is_array());
  CHECK(found["counts"].is_object());
  CHECK(contains(read_file(scratch / "audit.html"), "<html"));
  CHECK(contains(done(at, {"data", "audit", kPhantoms}).out, "120 images"));

  done(at, {"data", "view", kPhantoms, "--out", "a.png", "--n", "6", "--boxes", "--polygons"});
  done(at,
       {"data", "view", workshop() / "set.h5", "--out", "b.png", "--class", "Fractured", "--n=4"});
  CHECK(is_picture(scratch / "a.png"));
  CHECK(is_picture(scratch / "b.png"));
}

TEST_CASE("data audit ranks labels that contradict the scores of a classifier") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  done(at, {"data", "inspect", kPhantoms, "--table=t.csv"});
  const CsvTable table = read_csv(scratch / "t.csv");
  std::string text = "id,group,y_Non_fractured,y_Fractured,p_Non_fractured,p_Fractured\n";
  for (size_t i = 0; i + 1 < table.rows.size(); ++i) {  // the last one has no score
    const bool fractured = table.rows[i][table.require("class")] == "Fractured";
    const double right = i == 30 ? .2 : i == 60 ? .1 : .8;
    const double p = fractured ? right : 1 - right;
    text += cat(table.rows[i][0], ",,", !fractured, ",", fractured, ",", 1 - p, ",", p, "\n");
  }
  write_text(scratch / "p.csv", text);
  const Words audit{"data", "audit", kPhantoms};
  const Json found =
      done(at, audit + Words{"--scores=p.csv", "--sheet=s.png", "--html=a.html", "--json"}).json();
  CHECK(found["labels"]["scored"] == 119);
  CHECK(found["labels"]["unscored"] == 1);
  CHECK(found["counts"]["label_suspect"] == 2);
  std::vector<std::string> suspects;
  for (const auto& finding : found["findings"])
    if (finding["kind"] == "label_suspect") suspects.push_back(finding["ids"][0]);
  REQUIRE(suspects == std::vector{table.rows[60][0], table.rows[30][0]});
  CHECK(is_picture(scratch / "s.png"));
  CHECK(contains(read_file(scratch / "a.html"), "data:image/png"));
  CHECK(
      contains(done(at, audit + Words{"--scores=p.csv"}).out,
               "labels checked with p.csv: 119 of 120; 1 without a score; AUROC of the scores 0."));

  fails(at, audit + Words{"--sheet=s.png"}, Exit::usage, "--sheet requires --scores or --study");
  fails(at, audit + Words{"--scores=p.csv", "--study=x"}, Exit::usage, "excludes");
  fails(at, audit + Words{"--arm=real"}, Exit::usage, "--study");
  fails(at, audit + Words{"--study=x"}, Exit::missing_input, "x holds no study");
  fails(at, audit + Words{"--scores=q.csv"}, Exit::missing_input, "q.csv");
  done(at,
       Words{"classify", "eval", workshop() / "model", "--data", workshop() / "set.h5"} + kPlain +
           Words{"--part=train", "--out=e"});
  fails(at,
        audit + Words{"--scores=e/predictions.csv"},
        Exit::bad_data,
        "predictions of the training part");
}

TEST_CASE("several collections are read as one; one of them may be the test") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  const std::string other = "phantom:images=40,size_px=40x32,seed=9";
  const Json found = done(at,
                          {"data",
                           "inspect",
                           kPhantoms,
                           other,
                           "--by=view",
                           "--table=t.csv",
                           "--html=i.html",
                           "--json"})
                         .json();
  CHECK(found["images"] == 160);
  REQUIRE(found["sources"].size() == 2);
  CHECK(found["sources"][1]["images"] == 40);
  CHECK(found["by"]["view"].size() >= 2);
  CHECK(found["patients"]["images"] == 160);
  CHECK(read_file(scratch / "t.csv").starts_with("id,path,class,width,height,mode,bits,"));
  CHECK(contains(read_file(scratch / "i.html"), "Images per patient"));
  fails(at, {"data", "inspect", kPhantoms, "--by=vieww"}, Exit::bad_data, "did you mean 'view'?");

  const std::string external = found["sources"][1]["name"];
  fails(at,
        {"data", "split", kPhantoms, "--external=x", "--out=s.csv"},
        Exit::usage,
        "more than one PATH");
  done(at, {"data", "split", kPhantoms, other, "--external=" + external, "--out=s.csv"});
  const Json packed = done(at,
                           {"data",
                            "pack",
                            kPhantoms,
                            other,
                            "--split=s.csv",
                            "--size=40x32",
                            "--out=set.h5",
                            "--json"})
                          .json();
  CHECK(packed["sources"][external]["test"] == 40);
  CHECK_FALSE(packed["sources"][external].contains("train"));
  const std::string sheet = read_file(scratch / "set.datasheet.md");
  CHECK(contains(sheet, "[split]"));
  CHECK(contains(sheet, external));
  done(at, {"data", "audit", kPhantoms, other, "--split=s.csv"});
}

TEST_CASE("a label map stands in the store's settings and datasheet") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  write_text(scratch / "map.csv", "from,to\nFractured,\"broken \"\"bone\"\"\"\n");
  const Words labels{"--labels=map.csv"};
  done(at, Words{"data", "split", kPhantoms, "--out=s.csv"} + labels);
  done(at,
       Words{"data", "pack", kPhantoms, "--split=s.csv", "--size=40x32", "--out=set.h5"} + labels);
  const std::string sheet = read_file(scratch / "set.datasheet.md");
  CHECK(contains(sheet, "    [labels]\n    from = ['Fractured']\n"));
  CHECK(contains(sheet, "    to = ['broken \"bone\"']\n"));
  CHECK(contains(sheet, "    [split]\n"));
  done(at, {"balance", "set.h5", "--source=copy", "--out=b.h5"});
  const std::string balanced = read_file(scratch / "b.datasheet.md");
  CHECK(contains(balanced, "    [labels]\n    from = ['Fractured']\n"));
  CHECK(contains(balanced, "    [split]\n"));
}

TEST_CASE("published lists that have no image of a class are told") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  for (const char* name : {"in/a/1.png", "in/a/2.png", "in/a/3.png", "in/b/4.png"})
    write_text(scratch / name, encode_png(drawn_picture(static_cast<uint64_t>(name[5]))));
  write_text(scratch / "in/train_val_list.txt", "1.png\n3.png\n");
  write_text(scratch / "in/test_list.txt", "2.png\n");
  const Ran ran = run(at, {"data", "split", "in", "--published=nih", "--out=s.csv"});
  CHECK(ran.code == 0);
  CHECK(ran.error_lines() == 1);
  CHECK(contains(ran.err, "has no image of class 'b'"));
}

TEST_CASE("data split, pack and check make a store") {
  const ScratchFolder scratch;
  const Path& at = scratch.path();
  Json told = done(at, {"data", "split", kPhantoms, "--out", "s.csv", "--json"}).json();
  CHECK(told["rows"] == 120);
  CHECK(read_file(scratch / "s.csv").starts_with("id,path,group,split,fault\n"));
  const std::string once = read_file(scratch / "s.csv");
  done(at, {"data", "split", kPhantoms, "--out", "s.csv"});
  CHECK(read_file(scratch / "s.csv") == once);
  done(at, {"data", "split", kPhantoms, "--out", "s.csv", "--seed", "2", "--group", "none"});
  CHECK(read_file(scratch / "s.csv") != once);
  done(at, {"data", "split", kPhantoms, "--out", "never.csv", "--dry-run"});
  CHECK_FALSE(std::filesystem::exists(scratch / "never.csv"));

  done(at, {"data", "split", kPhantoms, "--out", "k.csv", "--folds=3", "--hold-out=.2"});
  CHECK(read_file(scratch / "k.csv").starts_with("id,path,group,split,fold,fault\n"));
  const Words pack{"data", "pack", kPhantoms, "--split", "k.csv", "--size=40x32", "--out"};
  std::vector<std::string> digests;
  for (const char* fold : {"0", "1", "2"}) {
    told = done(at, pack + Words{"k.h5", "--fold", fold, "--json"}).json();
    CHECK(told["counts"]["test"]["Fractured"] > 0);
    digests.push_back(told["content_digest"]);
    CHECK(done(at, {"data", "check", "k.h5"}).out == "k.h5: whole\n");
  }
  CHECK(digests[0] != digests[1]);
  // Threads and compression change nothing.
  for (const Words& how : {Words{"--threads=1"}, Words{"--compress=gzip:3"}}) {
    told = done(at, pack + Words{"again.h5", "--fold=2", "--json"} + how).json();
    CHECK(told["content_digest"] == digests[2]);
  }
  told = done(at,
              pack + Words{"deep.h5",
                           "--bits=16",
                           "--fit=crop",
                           "--where=view=frontal",
                           "--dry-run",
                           "--json"})
             .json();
  CHECK(told["rows"] > 30);
  CHECK(told["rows"] < 90);
  CHECK(told["bytes"] == told["rows"].get<int>() * 40 * 32 * 2);
  CHECK_FALSE(std::filesystem::exists(scratch / "deep.h5"));

  // What the split says of the data that it was made from is found by the audit.
  told = done(at, {"data", "audit", kPhantoms, "--split", "k.csv", "--json"}).json();
  CHECK_FALSE(told["counts"].contains("leak_patient"));
}
