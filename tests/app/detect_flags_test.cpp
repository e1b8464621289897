// SPDX-License-Identifier: Apache-2.0
// Flags of `detect fuse` and `detect metrics`, and their faults.
#include "tests/app/program.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

/// Writes two images with a true box each, and the boxes of two detectors.
void write_box_files(const Path& at) {
  write_text(at / "gt.json",
             R"({"images":[{"id":1,"width":40,"height":40,"patient":"p","fold":"a","view":"AP"},)"
             R"({"id":2,"width":40,"height":40,"patient":"q","fold":"b","view":"PA"}],)"
             R"("categories":[{"id":1,"name":"x"}],"annotations":[)"
             R"({"id":1,"image_id":1,"category_id":1,"bbox":[10,10,10,10]},)"
             R"({"id":2,"image_id":2,"category_id":1,"bbox":[10,10,10,10]}]})");
  write_text(at / "a.json",
             R"([{"image_id":1,"category_id":1,"bbox":[10,10,10,10],"score":0.8},)"
             R"({"image_id":2,"category_id":1,"bbox":[10,10,10,10],"score":0.6}])");
  write_text(at / "b.json", R"([{"image_id":1,"category_id":1,"bbox":[11,10,10,10],"score":0.4}])");
}

}  // namespace

TEST_CASE("detect fuse: a method, a filter, and faults") {
  const ScratchFolder scratch;
  const Path at = scratch.path();
  write_box_files(at);
  write_text(at / "p.csv", "id,p_x\n1,0.9\n2,0.2\n");
  const Words fuse{"detect", "fuse", "a.json", "b.json", "--gt=gt.json", "--out=f.json"};
  const Words filter{"--probabilities=p.csv", "--column=p_x", "--filter=multiply"};
  const Json told = done(at, fuse + filter + Words{"--method=nms", "--iou=.5", "--json"}).json();
  CHECK(told["boxes_before"] == 3);
  CHECK(told["boxes"] == 2);
  const Json fused = read_json(at / "f.json");
  REQUIRE(fused.size() == 2);
  CHECK(fused[0]["score"] == .8);
  CHECK(fused[1]["score"].get<double>() == Approx(.6 * .2));  // below --least, .5
  fails(at, fuse + filter + Words{"--least=2"}, Exit::usage, "--least");
  fails(at, fuse + Words{"--filter=multiply"}, Exit::usage, "--filter requires --probabilities");
  fails(at, fuse + Words{"--probabilities=p.csv"}, Exit::bad_data, "missing column 'p'");
}

TEST_CASE("detect metrics: folds, columns, comparisons, styles, hits, and faults") {
  const ScratchFolder scratch;
  const Path at = scratch.path();
  write_box_files(at);
  const Words metrics{"detect", "metrics", "--gt=gt.json", "--dt=a.json"};
  const Json told = done(at,
                         metrics + Words{"--compare=b.json",
                                         "--group-by=patient",
                                         "--fold-by=fold",
                                         "--by=view",
                                         "--style=voc12",
                                         "--overlap=.4",
                                         "--hit=overlap:.9",
                                         "--set=detect.bootstrap=0",
                                         "--json"})
                        .json();
  CHECK(told["style"] == "voc12");
  CHECK(told["overlap"] == .4);
  CHECK(told["froc"]["hit"] == "overlap 0.9");
  CHECK(told["folds"] == Json{"a", "b"});
  CHECK(told["by"][1]["column"] == "view");
  CHECK(told["values"]["x.froc"].get<double>() == Approx(1));
  // The box of b.json overlaps by 9 / 11: enough for AP, not for a hit.
  const Json differences = told["comparison"]["comparisons"][0]["differences"];
  CHECK(differences["view=AP.ap"]["difference"] == 0);
  CHECK(differences["view=PA.ap"]["second"] == 0);
  CHECK(differences["x.froc"]["second"] == 0);
  fails(at, metrics + Words{"--overlap=0"}, Exit::usage, "--overlap must be above 0");
  fails(at, metrics + Words{"--hit=near"}, Exit::usage, "--hit takes centre, or overlap:T");
  fails(at, metrics + Words{"--fold-by=hand"}, Exit::bad_data, "gt.json: image with id 1: ");
}
