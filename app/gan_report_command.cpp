// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "app/command.hpp"
#include "gan/gan.hpp"

namespace evenray {

void add_gan_report_command(CLI::App& gan, Cli& cli) {
  struct Flags {
    std::string folder, out;
  };
  auto flags = std::make_shared<Flags>();
  auto* report = add_command(&gan,
                             cli,
                             "report",
                             "write an HTML page about a training run: curves, samples, settings",
                             {},
                             [flags] {
                               const Path out = flags->out.empty()
                                                    ? Path(flags->folder) / "report.html"
                                                    : Path(flags->out);
                               write_atomic(out, gan_report_html(flags->folder));
                               std::cout << "report: " << out.string() << "\n";
                               return 0;
                             });
  report->add_option("DIR", flags->folder, "run folder of gan train")->required();
  report->add_option("--out", flags->out, "HTML file to write (default: DIR/report.html)");
}

}  // namespace evenray
