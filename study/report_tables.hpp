// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/json.hpp"
#include "core/page/html.hpp"

namespace evenray {

/// The tables of a report, from a study's summary. A missing value removes its row or is shown as
/// "-".

HtmlTable parts_table(const Json& summary);        ///< images per part and class
HtmlTable training_table(const Json& summary);     ///< training rows per arm, class and origin
HtmlTable metrics_table(const Json& summary);      ///< one row per arm, one column per metric
HtmlTable differences_table(const Json& summary);  ///< one row per pair of arms, with p
HtmlTable baselines_table(const Json& summary);    ///< AUROCs to compare the arms with
HtmlTable generators_table(const Json& summary);   ///< quality of each generator
HtmlTable findings_table(const Json& summary);     ///< findings of the audit and their meaning

}  // namespace evenray
