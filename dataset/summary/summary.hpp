// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/audit.hpp"

namespace evenray {

/// `data inspect --json` (cli.md): images, classes, sizes, modes, bits, imbalance_ratio, irlbl,
/// mean_ir, metadata; patients and boxes (with quantiles) where they are known, sources where there
/// are several, labels (how they come together) where classes do not exclude one another; `by`:
/// column -> value -> class -> images, of the columns `by`. Throws 2 for a column that is not
/// there.
Json inspect_json(const Manifest& manifest,
                  const std::vector<ImageFacts>& facts,
                  const std::vector<std::string>& by = {});
/// column -> value -> class -> images; `source` is one where there are several. Throws 2 for a
/// column that is not there.
Json images_by(const Manifest& manifest, const std::vector<std::string>& columns);
/// Numbers of it as text; "unknown" or "-" where they are null.
std::string count_text(const Json& count);
std::string ratio_text(const Json& ratio);
/// The same for people.
std::string inspect_text(const Json& inspect);
/// The same as a page, with charts and a sheet of examples, of which the files are decoded.
std::string inspect_html(const Manifest& manifest,
                         const std::vector<ImageFacts>& facts,
                         const Json& inspect);

/// A row an image, CSV: id, path, class (several with | between; ? before an unknown one), width,
/// height, mode, bits, patient, part, boxes (empty: nobody looked), columns of the source. Sizes
/// are of the upright image.
std::string inspect_table(const Manifest& manifest, const std::vector<ImageFacts>& facts);

}  // namespace evenray
