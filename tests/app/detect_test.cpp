// SPDX-License-Identifier: Apache-2.0
// Detectors, as a user runs them.
#include "tests/app/program.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

TEST_CASE("detect metrics scores anybody's boxes") {
  const ScratchFolder scratch;
  const Path at = scratch.path();
  write_text(scratch / "a.json",
             R"({"images":[{"id":1,"patient":"p"},{"id":2,"patient":"q"}],)"
             R"("categories":[{"id":1,"name":"Fractured"}],"annotations":[)"
             R"({"id":1,"image_id":1,"category_id":1,"bbox":[10,10,20,20]}]})");
  write_text(scratch / "d.json",
             R"([{"image_id":1,"category_id":1,"bbox":[11,10,20,20],"score":0.9}])");
  const Words metrics{"detect", "metrics", "--gt=a.json", "--dt=d.json"};
  const Json told =
      done(at, metrics + Words{"--group-by=patient", "--set=classify.bootstrap=0", "--json"})
          .json();
  CHECK(told["values"]["ap50"].get<double>() == Approx(1));
  CHECK(told["values"]["Fractured.image_auroc"] == 1);
  CHECK(told["ci"].empty());
  CHECK(contains(done(at, metrics).out, "Fractured  1      1       1"));
  fails(at, metrics + Words{"--group-by=age"}, Exit::bad_data, "a.json: image with id 1: ");
  fails(at,
        {"detect", "metrics", "--gt=a.json", "--dt=nothing.json"},
        Exit::missing_input,
        "nothing.json");
}
