//! A schema of which any field fails, is `null` or is late, as fate will have it.

use std::hash::{DefaultHasher, Hash, Hasher};

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Interface, Object, QueryPathNode, Result, Schema,
    ValidationMode,
};

/// Decides by the path of a field what becomes of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fate {
    pub(super) seed: u64,
    /// Of a hundred fields.
    pub(super) failing: u64,
}

impl Fate {
    fn draw(self, path: &[String], what: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, path, what).hash(&mut hasher);
        hasher.finish() % 100
    }

    pub(super) fn fails(self, path: &[String]) -> bool {
        self.draw(path, "fails") < self.failing
    }

    pub(super) fn is_null(self, path: &[String]) -> bool {
        self.draw(path, "null") < 15
    }

    pub(super) fn len(self, path: &[String]) -> usize {
        usize::try_from(self.draw(path, "len") % 4).unwrap()
    }

    pub(super) fn is_cat(self, path: &[String]) -> bool {
        self.draw(path, "type") < 50
    }

    fn delay(self, path: &[String]) -> u64 {
        self.draw(path, "delay") % 4
    }
}

pub(super) type Toy = Schema<Query, EmptyMutation, EmptySubscription>;

pub(super) fn schema(mode: ValidationMode) -> Toy {
    Schema::build(Query, EmptyMutation, EmptySubscription)
        .validation_mode(mode)
        .finish()
}

/// The field's fate and path, once it is due.
async fn due(ctx: &Context<'_>) -> Result<(Fate, Vec<String>)> {
    let fate = *ctx.data::<Fate>()?;
    let path = ctx.path_node.map(QueryPathNode::to_string_vec);
    let path = path.unwrap_or_default();
    for _ in 0..fate.delay(&path) {
        tokio::task::yield_now().await;
    }
    if fate.fails(&path) {
        return Err("fate".into());
    }
    Ok((fate, path))
}

/// As many as fate has it.
fn items<T>(fate: Fate, path: &[String], item: impl Fn(&[String]) -> T) -> Vec<T> {
    let path = |place: usize| [path, &[place.to_string()]].concat();
    (0..fate.len(&path(0)[..path(0).len() - 1]))
        .map(|place| item(&path(place)))
        .collect()
}

fn maybe<T>(fate: Fate, path: &[String], value: T) -> Option<T> {
    (!fate.is_null(path)).then_some(value)
}

fn pet(fate: Fate, path: &[String]) -> Pet {
    if fate.is_cat(path) {
        Pet::Cat(Cat)
    } else {
        Pet::Dog(Dog)
    }
}

#[derive(Interface)]
#[graphql(
    field(name = "name", ty = "Option<String>"),
    field(name = "id", ty = "String"),
    field(name = "pet", ty = "Option<Pet>")
)]
pub(super) enum Pet {
    Cat(Cat),
    Dog(Dog),
}

/// The same fields for every object, so that a selection fits everywhere.
macro_rules! object {
    ($name:ident { $($more:item)* }) => {
        pub(super) struct $name;

        #[Object]
        impl $name {
            async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
                let (fate, path) = due(ctx).await?;
                Ok(maybe(fate, &path, "name".to_owned()))
            }
            async fn id(&self, ctx: &Context<'_>) -> Result<String> {
                due(ctx).await?;
                Ok("id".to_owned())
            }
            async fn words(&self, ctx: &Context<'_>) -> Result<Vec<Option<String>>> {
                let (fate, path) = due(ctx).await?;
                Ok(items(fate, &path, |path| maybe(fate, path, "word".to_owned())))
            }
            async fn cat(&self, ctx: &Context<'_>) -> Result<Option<Cat>> {
                let (fate, path) = due(ctx).await?;
                Ok(maybe(fate, &path, Cat))
            }
            async fn must_cat(&self, ctx: &Context<'_>) -> Result<Cat> {
                due(ctx).await?;
                Ok(Cat)
            }
            async fn cats(&self, ctx: &Context<'_>) -> Result<Option<Vec<Cat>>> {
                let (fate, path) = due(ctx).await?;
                Ok(maybe(fate, &path, items(fate, &path, |_| Cat)))
            }
            async fn maybe_cats(&self, ctx: &Context<'_>) -> Result<Vec<Option<Cat>>> {
                let (fate, path) = due(ctx).await?;
                Ok(items(fate, &path, |path| maybe(fate, path, Cat)))
            }
            async fn pet(&self, ctx: &Context<'_>) -> Result<Option<Pet>> {
                let (fate, path) = due(ctx).await?;
                Ok(maybe(fate, &path, pet(fate, &path)))
            }
            async fn must_pet(&self, ctx: &Context<'_>) -> Result<Pet> {
                let (fate, path) = due(ctx).await?;
                Ok(pet(fate, &path))
            }
            async fn pets(&self, ctx: &Context<'_>) -> Result<Option<Vec<Pet>>> {
                let (fate, path) = due(ctx).await?;
                Ok(maybe(fate, &path, items(fate, &path, |path| pet(fate, path))))
            }
            $($more)*
        }
    };
}

object!(Query {});
object!(Cat {
    async fn lives(&self, ctx: &Context<'_>) -> Result<u32> {
        due(ctx).await?;
        Ok(9)
    }
});
object!(Dog {
    async fn bark(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let (fate, path) = due(ctx).await?;
        Ok(maybe(fate, &path, "bark".to_owned()))
    }
});
