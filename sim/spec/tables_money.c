/* Key tables of money: `cost` and `compare` of a scenario, and region sheets.
 *
 * Limits are gates against slips of unit and decimal point: no GPU costs 1000 USD an hour, no
 * machine 100 million, no grid emits 5 kg a kWh. Amounts may be in any currency whose rate
 * `cost.exchange` states.
 *
 * The rule: what is not given costs nothing, and the report prints each line with the assumption
 * behind it. Tables are constant and own nothing. Not here: what the keys mean together
 * (resolve_money.c).
 */
#include "spec/keys.h"
#include "spec/tables.h"

const char *const cs_term_names[CS_TERM_COUNT] = {[CS_TERM_ON_DEMAND] = "on_demand",
                                                  [CS_TERM_SPOT] = "spot",
                                                  [CS_TERM_RESERVED_1Y] = "reserved_1y",
                                                  [CS_TERM_RESERVED_3Y] = "reserved_3y"};

/* --- rented ---------------------------------------------------------------------------------- */

#define TERM_SHARE(term)    QUANTITY(cs_cost, rent.share[term], SHARE, "0%", "100%"), .absent = -1
#define TERM_DISCOUNT(term) QUANTITY(cs_cost, rent.discount[term], SHARE, "0%", "99%"), .absent = -1
static const struct cs_key discount_keys[] = {
    KEY("spot", "Of spot.", TERM_DISCOUNT(CS_TERM_SPOT)),
    KEY("reserved_1y", "Of a year.", TERM_DISCOUNT(CS_TERM_RESERVED_1Y)),
    KEY("reserved_3y", "Of three years.", TERM_DISCOUNT(CS_TERM_RESERVED_3Y)),
};
static const struct cs_table discount_table = TABLE("cost.rent.discount", discount_keys);

static const struct cs_key rent_keys[] = {
    KEY("provider", "Whose prices hold. Default: what `cost.prices` says.",
        TEXT(cs_cost, rent.provider), .example = "a provider's name"),
    KEY("on_demand", "Share of the GPUs rented by the hour. Default: what the others leave.",
        TERM_SHARE(CS_TERM_ON_DEMAND)),
    KEY("spot", "Share rented as spot, which may be taken away.", TERM_SHARE(CS_TERM_SPOT)),
    KEY("reserved_1y", "Share reserved for a year.", TERM_SHARE(CS_TERM_RESERVED_1Y)),
    KEY("reserved_3y", "Share reserved for three years.", TERM_SHARE(CS_TERM_RESERVED_3Y)),
    KEY("discount", "Off the on-demand price. Default: the hardware sheet's price of the term.",
        MAP(discount_table), .example = "a map, such as {spot: 60%, reserved_1y: 35%}"),
    KEY("spares", "Further GPUs, for those that spot takes away.",
        QUANTITY(cs_cost, rent.spares, SHARE, "0%", "1000%")),
    KEY("instance", "GPUs that are rented together. Default: what the provider's price says.",
        COUNT(cs_cost, rent.instance, "1", "4096")),
    KEY("commitment", "Shortest time that is paid for. Default: what the provider's price says.",
        QUANTITY(cs_cost, rent.commitment_s, SECONDS, "1 s", "10 years")),
};
static const struct cs_table rent_table = TABLE("cost.rent", rent_keys);

/* --- owned ----------------------------------------------------------------------------------- */

static const struct cs_key own_keys[] = {
    KEY("purchase", "Per GPU; 0 USD: paid for already. Default: the hardware sheet's.",
        QUANTITY(cs_cost, own.purchase_usd, USD, "0 USD", "100M USD"), .absent = -1),
    KEY("server", "The rest of the machine, per GPU.",
        QUANTITY(cs_cost, own.server_usd, USD, "0 USD", "100M USD")),
    KEY("server_gpus", "GPUs that are bought together, in one machine. Default: singly.",
        COUNT(cs_cost, own.server_gpus, "1", "4096")),
    KEY("server_power", "What the rest of the machine draws, per GPU, all day. Default none.",
        QUANTITY(cs_cost, own.server_w, WATTS, "0 W", "10 kW")),
    KEY("network", "Switches, adapters and cables, per GPU.",
        QUANTITY(cs_cost, own.network_usd, USD, "0 USD", "1M USD")),
    KEY("rack", "Rack, power distribution and cooling, per GPU.",
        QUANTITY(cs_cost, own.rack_usd, USD, "0 USD", "1M USD")),
    KEY("years", "How long it is written off. Needed unless it is paid for already.",
        QUANTITY(cs_cost, own.years, NUMBER, "0.1", "50")),
    KEY("residual", "Share of the price left after those years.",
        QUANTITY(cs_cost, own.residual, SHARE, "0%", "100%")),
    KEY("capital", "Cost of the money that is bound, a year: interest, or what it would earn.",
        QUANTITY(cs_cost, own.capital, SHARE, "0%", "100%")),
    KEY("spares", "Bought beyond the plan, to replace what fails.",
        QUANTITY(cs_cost, own.spares, SHARE, "0%", "1000%")),
    KEY("maintenance", "Share of the price a year, for repair and support.",
        QUANTITY(cs_cost, own.maintenance, SHARE, "0%", "100%")),
    KEY("colocation", "Space and power connection, by the peak power of what is bought.",
        QUANTITY(cs_cost, own.colocation_usd_per_J, USD_PER_WATT_S, "0 USD/kW/month",
                 "10000 USD/kW/month")),
    KEY("electricity", "Price of electricity. Default: `cost.electricity`.",
        QUANTITY(cs_cost, own.electricity_usd_per_J, USD_PER_J, "0 USD/kWh", "100 USD/kWh")),
    KEY("pue", "Power of the building over that of its machines. Default: `cost.pue`.",
        QUANTITY(cs_cost, own.pue, NUMBER, "1", "5")),
};
static const struct cs_table own_table = TABLE("cost.own", own_keys);

/* --- the rest of a day ----------------------------------------------------------------------- */

#define PER_TIME(field, most) QUANTITY(cs_cost, field, USD_PER_S, "0 USD/h", most)
static const struct cs_key engineer_keys[] = {
    KEY("cost", "Of one engineer, all in.", PER_TIME(engineers.usd_per_s, "10M USD/year"),
        REQUIRED),
    KEY("fixed", "Engineers, whatever the size of the fleet.",
        QUANTITY(cs_cost, engineers.fixed, NUMBER, "0", "10000")),
    KEY("per_gpu", "Engineers for each GPU.",
        QUANTITY(cs_cost, engineers.per_gpu, NUMBER, "0", "100")),
};
static const struct cs_table engineer_table = TABLE("cost.engineers", engineer_keys);
static const struct cs_key software_keys[] = {
    KEY("fixed", "Licences and services for all.", PER_TIME(software.usd_per_s, "1M USD/h")),
    KEY("per_gpu", "For each GPU.", PER_TIME(software.per_gpu_usd_per_s, "1000 USD/h")),
};
static const struct cs_table software_table = TABLE("cost.software", software_keys);
static const struct cs_key storage_keys[] = {
    KEY("price", "Of what is stored.",
        QUANTITY(cs_cost, storage.usd_per_byte_s, USD_PER_BYTE_S, "0 USD/GB/month",
                 "100 USD/GB/month"),
        REQUIRED),
    KEY("size", "How much.", QUANTITY(cs_cost, storage.bytes, BYTES, "1 GB", "1000 PB"),
        DEFAULT("auto", "one copy of the weights"), .automatic = true),
};
static const struct cs_table storage_table = TABLE("cost.storage", storage_keys);
static const struct cs_key egress_keys[] = {
    KEY("price", "Of data that leaves.",
        QUANTITY(cs_cost, egress.usd_per_byte, USD_PER_BYTE, "0 USD/GB", "100 USD/GB"), REQUIRED),
    KEY("token", "Bytes of a token of an answer, with its envelope.",
        QUANTITY(cs_cost, egress.bytes_per_token, BYTES, "0.1 B", "1 MB"),
        DEFAULT("200 B", "a streamed token travels in a JSON event of some 200 bytes")),
};
static const struct cs_table egress_table = TABLE("cost.egress", egress_keys);
static const struct cs_key downtime_keys[] = {
    KEY("share", "Of the time.", QUANTITY(cs_cost, downtime.share, SHARE, "0%", "100%"), REQUIRED),
    KEY("cost", "What it costs to be down.", PER_TIME(downtime.usd_per_s, "100M USD/h"), REQUIRED),
};
static const struct cs_table downtime_table = TABLE("cost.downtime", downtime_keys);

static const struct cs_key cost_keys[] = {
    KEY("prices", "`article`, `listed`, a provider, or a date: which of a sheet's prices holds.",
        TEXT(cs_cost_text, cost.prices),
        DEFAULT("listed", "the vendors' own lists, and the median on-demand price of a GPU"),
        .example = "article, listed, a provider or a date"),
    KEY("prices_as_of", "Prices of that day: of each seller the newest not after it.",
        DATE(cs_cost_text, cost.as_of)),
    KEY("gpu", "This price for every GPU.",
        QUANTITY(cs_cost_text, cost.gpu_usd_per_s, USD_PER_S, "0.001 USD/h", "1000 USD/h")),
    KEY("gpu_price", "Share of the price of GPUs that is paid, rented or bought.",
        QUANTITY(cs_cost_text, cost.gpu_price, SHARE, "0%", "1000%"),
        DEFAULT("100%", "no rebate was negotiated")),
    KEY("api_price", "Share of the APIs' prices that is paid.",
        QUANTITY(cs_cost_text, cost.api_price, SHARE, "0%", "1000%"),
        DEFAULT("100%", "no rebate was negotiated")),
    KEY("rent", "How rented GPUs are paid for. Default: all on demand.", MAP(rent_table),
        AT(cs_cost_text, cost), PRESENT(cs_cost_text, cost.rent.has),
        .example = "a map, such as {provider: AWS, reserved_1y: 70%, spot: 30%}"),
    KEY("own", "Machines bought, not rented.", MAP(own_table), AT(cs_cost_text, cost),
        PRESENT(cs_cost_text, cost.own.has),
        .example = "a map, such as {purchase: 25000 USD, years: 4}"),
    KEY("staff", "People, per hour or day. Default none.",
        QUANTITY(cs_cost_text, cost.staff_usd_per_s, USD_PER_S, "0 USD/h", "1M USD/h")),
    KEY("engineers", "People by the size of the fleet.", MAP(engineer_table),
        AT(cs_cost_text, cost),
        .example = "a map, such as {cost: 180k USD/year, fixed: 0.25, per_gpu: 0.01}"),
    KEY("software", "Licences.", MAP(software_table), AT(cs_cost_text, cost),
        .example = "a map, such as {per_gpu: 4500 USD/year}"),
    KEY("storage", "Weights at rest.", MAP(storage_table), AT(cs_cost_text, cost),
        .example = "a map, such as {price: 0.08 USD/GB/month}"),
    KEY("egress", "Answers that leave a provider's network.", MAP(egress_table),
        AT(cs_cost_text, cost), .example = "a map, such as {price: 0.09 USD/GB}"),
    KEY("downtime", "What hosting oneself adds of it.", MAP(downtime_table), AT(cs_cost_text, cost),
        .example = "a map, such as {share: 0.1%, cost: 500 USD/h}"),
    KEY("horizon",
        "How long the fleet is needed: what is committed for longer is paid all the "
        "same. Default: as long as any commitment.",
        QUANTITY(cs_cost_text, cost.horizon_s, SECONDS, "1 day", "50 years")),
    KEY("region",
        "Where the machines stand: a region sheet, for carbon and the price of "
        "electricity.",
        TEXT(cs_cost_text, region), .example = "a region's name"),
    KEY("electricity", "For the energy of owned machines. Default: the region's.",
        QUANTITY(cs_cost_text, cost.electricity_usd_per_J, USD_PER_J, "0 USD/kWh", "100 USD/kWh")),
    KEY("pue", "Power of the building over that of its machines.",
        QUANTITY(cs_cost_text, cost.pue, NUMBER, "1", "5"),
        DEFAULT("1", "the machines' own power; no building given")),
    KEY("carbon", "Carbon intensity of the electricity. Default: the region's.",
        QUANTITY(cs_cost_text, cost.carbon_kg_per_J, KG_PER_J, "0 gCO2e/kWh", "5000 gCO2e/kWh")),
    KEY("exchange", "What one unit of other currencies is worth; amounts may then be in them.",
        NODE(cs_cost_text, exchange), .example = "a map, such as {EUR: 1.10 USD}"),
    KEY("exchange_date", "Of those rates.", DATE(cs_cost_text, cost.exchange_date)),
    KEY("currency", "That the report is in. Default USD.", TEXT(cs_cost_text, cost.currency),
        .example = "USD, or a currency of cost.exchange"),
};
const struct cs_table cs_table_cost = TABLE("cost", cost_keys);

/* --- compare --------------------------------------------------------------------------------- */

static const struct cs_key compare_keys[] = {
    KEY("api", "An API's name.", TEXT(cs_compare_text, api), REQUIRED, .example = "an API's name"),
    KEY("batch",
        "Share of the requests sent as batches, which are cheaper and take hours. "
        "Default: `traffic.batch`.",
        QUANTITY(cs_compare_text, batch, SHARE, "0%", "100%"), .absent = -1),
    KEY("price", "Share of its price that is paid.",
        QUANTITY(cs_compare_text, price, SHARE, "0%", "1000%"), DEFAULT("100%", NULL)),
    KEY("caching", "Whether prompts found in its cache are billed so, where that is cheaper.",
        BOOL(cs_compare_text, caching), DEFAULT("yes", NULL)),
    KEY("committed", "Units of committed throughput; auto: as many as the busiest minute asks for.",
        COUNT(cs_compare_text, committed, "1", "1000000"), PRESENT(cs_compare_text, has_committed),
        .automatic = true),
    KEY("tier", "Tier of rate limits. Default: the highest of its sheet.",
        TEXT(cs_compare_text, tier), .example = "the name of a tier"),
};
const struct cs_table cs_table_compare = TABLE_OF(cs_compare_text, "compare", compare_keys);

/* --- regions --------------------------------------------------------------------------------- */

static const struct cs_key region_keys[] = {
    KEY("name", "Name of the sheet, as its file.", TEXT(cs_region, name), REQUIRED),
    KEY("title", "For people.", TEXT(cs_region, title)),
    KEY("carbon", "Carbon intensity of the grid, over a year.",
        QUANTITY(cs_region, carbon_kg_per_J, KG_PER_J, "0 gCO2e/kWh", "5000 gCO2e/kWh")),
    KEY("electricity", "What machines of a business pay for electricity.",
        QUANTITY(cs_region, electricity_usd_per_J, USD_PER_J, "0 USD/kWh", "100 USD/kWh")),
    KEY("sources", "Where each figure comes from.", NODE(cs_region, node),
        .example = "a map of sources"),
    KEY("notes", "What else to know.", TEXT(cs_region, notes)),
};
const struct cs_table cs_table_region = TABLE_OF(cs_region, "a region sheet", region_keys);
