//! The dictionaries that are in memory.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::Dictionary;

/// The dictionaries that were needed so far, by id, and which of them new documents are packed with. A
/// dictionary never changes, so none has to be read again.
#[derive(Clone, Debug, Default)]
pub struct Dictionaries(Arc<RwLock<State>>);

#[derive(Debug, Default)]
struct State {
    by_id: HashMap<u32, Arc<Dictionary>>,
    /// By family of documents.
    current: HashMap<String, Arc<Dictionary>>,
}

impl Dictionaries {
    /// The dictionary of this id, if somebody put it here.
    pub fn get(&self, id: u32) -> Option<Arc<Dictionary>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_id.get(&id).cloned()
    }

    /// Keeps a dictionary.
    pub fn insert(&self, dictionary: Dictionary) -> Arc<Dictionary> {
        let dictionary = Arc::new(dictionary);
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.by_id.insert(dictionary.id(), Arc::clone(&dictionary));
        dictionary
    }

    /// What documents of this family are packed with.
    pub fn current(&self, family: &str) -> Option<Arc<Dictionary>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).current.get(family).cloned()
    }

    /// Says what documents are packed with from now on, by family.
    pub fn set_current(&self, current: HashMap<String, Arc<Dictionary>>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).current = current;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::dictionary;
    use super::*;

    #[test]
    fn dictionaries_are_kept_by_id() {
        let all = Dictionaries::default();
        let dictionary = all.insert(dictionary());
        assert_eq!(all.get(dictionary.id()).unwrap().id(), dictionary.id());
        assert!(all.get(dictionary.id() + 1).is_none());
    }

    #[test]
    fn a_family_is_packed_with_what_was_said_last() {
        let all = Dictionaries::default();
        let first = all.insert(dictionary());
        assert!(all.current("python").is_none());
        all.set_current([("python".to_owned(), first.clone())].into());
        assert_eq!(all.current("python").unwrap().id(), first.id());
        assert!(all.current("ruby").is_none());
        all.set_current(HashMap::new());
        assert!(all.current("python").is_none());
        assert!(all.get(first.id()).is_some(), "what it packed can still be read");
    }
}
