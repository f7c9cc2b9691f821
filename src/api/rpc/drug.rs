//! `drug.*`: the list of drugs.
//!
//! It never knows who takes one. Invariant: what is found can be prescribed.

use super::field::{Id, Limit, Line};
use super::problem::{Code, Problem};
use super::{Call, Kind, Method, cut};
use crate::service::drug::{self, Search};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A drug of the hospital's list.
#[derive(Serialize, JsonSchema)]
pub struct Drug {
    pub drug_id: i64,
    pub code: String,
    pub name: String,
    /// In lower case, as allergies are compared; several are parted by +.
    pub ingredient: String,
    pub drug_class: Option<String>,
    pub form: Option<String>,
    pub strength: Option<String>,
    /// In which doses are written and quantities are counted.
    pub dose_unit: String,
    /// How it is given, unless a line says otherwise.
    pub route: Option<String>,
    /// False where it cannot be prescribed any longer.
    pub is_active: bool,
}

impl From<drug::Drug> for Drug {
    fn from(found: drug::Drug) -> Drug {
        Drug {
            drug_id: found.drug_id,
            code: found.code,
            name: found.name,
            ingredient: found.ingredient,
            drug_class: found.drug_class,
            form: found.form,
            strength: found.strength,
            dose_unit: found.dose_unit,
            route: found.route,
            is_active: found.is_active,
        }
    }
}

pub struct SearchDrugs;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchDrugsParams {
    /// The beginning of a name, in capital or small letters. One of name and code is given.
    #[serde(default)]
    pub name: Option<Line<128>>,
    /// The beginning of a code, in capital or small letters.
    #[serde(default)]
    pub code: Option<Line<32>>,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

#[derive(Serialize, JsonSchema)]
pub struct DrugList {
    pub items: Vec<Drug>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for SearchDrugs {
    const NAME: &'static str = "drug.search";
    const SUMMARY: &'static str = "Finds drugs that can be prescribed by the beginning of a name or a code.";
    const KIND: Kind = Kind::Read;
    type Params = SearchDrugsParams;
    type Outcome = DrugList;

    fn run(
        params: SearchDrugsParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<DrugList, Problem> {
        let search = match (&params.name, &params.code) {
            (Some(name), None) => Search::NamePrefix(name),
            (None, Some(code)) => Search::CodePrefix(code),
            _ => return Err(Problem::invalid("name", "give one of `name` and `code`")),
        };
        let (after, limit) = (params.cursor.map(|Id(id)| id), i64::from(params.limit.0));
        let mut items: Vec<Drug> = Vec::new();
        drug::search(transaction, search, after, limit + 1, |found| items.push(found.into()))?;
        let next_cursor = cut(&mut items, params.limit, |item| item.drug_id);
        Ok(DrugList { items, next_cursor })
    }
}

pub struct GetDrug;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetDrugParams {
    pub drug_id: Id,
}

impl Method for GetDrug {
    const NAME: &'static str = "drug.get";
    const SUMMARY: &'static str = "Gives a drug of the list, those too that cannot be prescribed any longer.";
    const KIND: Kind = Kind::Read;
    const ERRORS: &'static [Code] = &[Code::NotFound];
    type Params = GetDrugParams;
    type Outcome = Drug;

    fn run(params: GetDrugParams, _: &mut Call<'_>, transaction: &Transaction<'_>) -> Result<Drug, Problem> {
        drug::by_id(transaction, params.drug_id.0)?.map(Drug::from).ok_or_else(|| Problem::not_found("drug"))
    }
}
