//! Whether a known caller may. The place of the policy language; until policies exist, the root
//! account may do everything and nobody else anything.

use base::{Code, Error, Result};

/// What a caller asks to do.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The root account, which no policy limits.
    pub root: bool,
    /// The action's name.
    pub action: &'a str,
    /// Whether the action changes anything.
    pub writes: bool,
    /// `qcs::iotexplorer:gz:uin/<uin>:project/<p>/product/<id>`
    pub resource: &'a str,
}

/// The answer of the policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    Denied,
}

/// Decides.
#[must_use]
pub fn decide(question: &Question<'_>) -> Decision {
    if question.root { Decision::Allowed } else { Decision::Denied }
}

/// Decides, and turns a refusal into the error that the caller sees.
///
/// # Errors
/// `UnauthorizedOperation`, naming the action and the resource.
pub fn require(question: &Question<'_>) -> Result<()> {
    match decide(question) {
        Decision::Allowed => Ok(()),
        Decision::Denied => {
            let Question { action, resource, .. } = question;
            let text = format!("you are not authorized to perform {action} on {resource}");
            Err(Error::new(Code::UnauthorizedOperation, text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_root_account_may() {
        let resource = "qcs::iotexplorer:gz:uin/100000000001:*";
        let mut question = Question { root: true, action: "CreateDevice", writes: true, resource };
        assert_eq!(decide(&question), Decision::Allowed);
        question.root = false;
        assert_eq!(decide(&question), Decision::Denied);
        let error = require(&question).unwrap_err();
        assert_eq!(error.code(), Code::UnauthorizedOperation);
        assert!(error.message().contains("CreateDevice"));
    }
}
