//! The methods that move one thing from a state to another: what they all have in common.
//!
//! It never knows which things there are. Invariant: a step is an update of the one thing that its parameters name,
//! whose `subject` is that of the module which the step stands in.

/// A method that moves the thing which `$id` of its parameters names. `because` says where the parameters have the
/// reason that is recorded, if they have one.
macro_rules! step {
    ($method:ident($params:ident: $id:ident) -> $outcome:ident $(because $why:expr)?,
        $name:literal, $summary:literal, $errors:expr, $run:expr) => {
        pub struct $method;

        impl $crate::api::rpc::Method for $method {
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;
            const KIND: $crate::api::rpc::Kind =
                $crate::api::rpc::Kind::Write($crate::service::audit::Action::Update);
            const ERRORS: &'static [$crate::api::rpc::problem::Code] = $errors;
            const SUBJECT: $crate::api::rpc::Whom<Self> =
                |params, _, transaction| subject(transaction, params.$id);
            $(const REASON: $crate::api::rpc::Said<Self> = $why;)?
            const REQUEST_ID: $crate::api::rpc::Said<Self> = |params| params.request_id.as_deref();
            type Params = $params;
            type Outcome = $outcome;

            fn run(
                params: $params,
                call: &mut $crate::api::rpc::Call<'_>,
                transaction: &$crate::store::Transaction<'_>,
            ) -> Result<$outcome, $crate::api::rpc::problem::Problem> {
                let step: fn(
                    &$params,
                    &mut $crate::api::rpc::Call<'_>,
                    &$crate::store::Transaction<'_>,
                ) -> Result<$outcome, $crate::api::rpc::problem::Problem> = $run;
                step(&params, call, transaction)
            }
        }
    };
}

pub(super) use step;
