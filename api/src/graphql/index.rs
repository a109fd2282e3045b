//! What a schema says about its fields, found in constant time by the name of a type and a field.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name,
    parser::{
        Error, parse_schema,
        types::{
            BaseType, FieldDefinition, OperationType, SchemaDefinition, Type, TypeDefinition,
            TypeKind, TypeSystemDefinition,
        },
    },
};

/// The types of one schema. Made once, from its SDL.
pub struct SchemaIndex {
    types: Vec<TypeEntry>,
    ids: HashMap<Name, TypeId>,
    query: Option<TypeId>,
    mutation: Option<TypeId>,
    subscription: Option<TypeId>,
}

/// The place of a type in its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TypeId(usize);

/// A type as a selection sees it.
pub(super) struct TypeEntry {
    pub(super) kind: Kind,
    pub(super) role: Role,
    fields: HashMap<Name, FieldEntry>,
    /// Itself, and the interfaces and unions that its values are of.
    is: HashSet<TypeId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Scalars, enums, and whatever isn't selected from.
    Leaf,
    Object,
    /// Interfaces and unions: the value knows its type.
    Abstract,
}

/// What a type is for, by the conventions of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A page of a list.
    Connection,
    /// A row of a page, with its cursor.
    Edge,
    /// Of introspection.
    Meta,
    Other,
}

pub(super) struct FieldEntry {
    pub(super) ty: TypeRef,
}

/// The type of a field, wrapped as in the schema.
#[derive(Debug)]
pub(super) struct TypeRef {
    pub(super) nullable: bool,
    pub(super) base: Base,
}

#[derive(Debug)]
pub(super) enum Base {
    Named(TypeId),
    List(Box<TypeRef>),
}

impl Role {
    fn of(name: &str) -> Self {
        if name.starts_with("__") {
            Self::Meta
        } else if name.ends_with("Connection") {
            Self::Connection
        } else if name.ends_with("Edge") {
            Self::Edge
        } else {
            Self::Other
        }
    }
}

impl TypeRef {
    /// How many lists are around it.
    pub(super) fn lists(&self) -> u32 {
        match &self.base {
            Base::Named(_) => 0,
            Base::List(item) => 1 + item.lists(),
        }
    }

    /// Without its lists.
    pub(super) fn named(&self) -> TypeId {
        match &self.base {
            Base::Named(named) => *named,
            Base::List(item) => item.named(),
        }
    }
}

/// What every schema has beside its own types. All of it may be null here, for it isn't ours to complete.
const INTROSPECTION: &str = "
    type __Roots { __schema: __Schema __type: __Type }
    type __Schema {
        description: String types: [__Type] directives: [__Directive]
        queryType: __Type mutationType: __Type subscriptionType: __Type
    }
    type __Type {
        kind: String name: String description: String specifiedByURL: String isOneOf: Boolean
        fields: [__Field] interfaces: [__Type] possibleTypes: [__Type]
        enumValues: [__EnumValue] inputFields: [__InputValue] ofType: __Type
    }
    type __Field {
        name: String description: String args: [__InputValue] type: __Type
        isDeprecated: Boolean deprecationReason: String
    }
    type __InputValue {
        name: String description: String type: __Type defaultValue: String
        isDeprecated: Boolean deprecationReason: String
    }
    type __EnumValue {
        name: String description: String isDeprecated: Boolean deprecationReason: String
    }
    type __Directive {
        name: String description: String isRepeatable: Boolean
        locations: [String] args: [__InputValue]
    }
";

impl SchemaIndex {
    /// Fails on what isn't SDL.
    pub fn new(sdl: &str) -> Result<Self, Error> {
        let mut index = Self {
            types: Vec::new(),
            ids: HashMap::new(),
            query: None,
            mutation: None,
            subscription: None,
        };
        let ours = parse_schema(sdl)?.definitions;
        let standard = parse_schema(INTROSPECTION)?.definitions;
        let all: Vec<_> = ours.into_iter().chain(standard).collect();
        for definition in &all {
            if let TypeSystemDefinition::Type(ty) = definition {
                index.define(&ty.node);
            }
        }
        for definition in &all {
            if let TypeSystemDefinition::Schema(schema) = definition {
                index.name_roots(&schema.node);
            }
        }
        index.default_roots();
        index.add_introspection();
        Ok(index)
    }

    /// How many types there are, introspection's own among them.
    pub(super) fn len(&self) -> usize {
        self.types.len()
    }

    pub(super) fn entry(&self, ty: TypeId) -> &TypeEntry {
        &self.types[ty.0]
    }

    pub(super) fn root(&self, operation: OperationType) -> Option<TypeId> {
        match operation {
            OperationType::Query => self.query,
            OperationType::Mutation => self.mutation,
            OperationType::Subscription => self.subscription,
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<TypeId> {
        self.ids.get(name).copied()
    }

    pub(super) fn field(&self, ty: TypeId, name: &str) -> Option<&FieldEntry> {
        self.entry(ty).fields.get(name)
    }

    /// Whether what is selected on `condition` is selected from every value of `ty`.
    pub(super) fn is(&self, ty: TypeId, condition: &str) -> bool {
        self.find(condition)
            .is_some_and(|condition| self.entry(ty).is.contains(&condition))
    }

    /// The entry of a name, made if it is new: types may be used before they are defined, or, as the built-in scalars, never be.
    fn id(&mut self, name: &Name) -> TypeId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = TypeId(self.types.len());
        self.ids.insert(name.clone(), id);
        self.types.push(TypeEntry {
            kind: Kind::Leaf,
            role: Role::of(name),
            fields: HashMap::new(),
            is: HashSet::from([id]),
        });
        id
    }

    /// Types may come in parts, by `extend`.
    fn define(&mut self, ty: &TypeDefinition) {
        let id = self.id(&ty.name.node);
        let (kind, supers, fields) = match &ty.kind {
            TypeKind::Object(object) => (Kind::Object, &*object.implements, &*object.fields),
            TypeKind::Interface(interface) => {
                (Kind::Abstract, &*interface.implements, &*interface.fields)
            }
            TypeKind::Union(union) => {
                for member in &union.members {
                    let member = self.id(&member.node);
                    self.types[member.0].is.insert(id);
                }
                (Kind::Abstract, &[][..], &[][..])
            }
            TypeKind::Scalar | TypeKind::Enum(_) | TypeKind::InputObject(_) => return,
        };
        self.types[id.0].kind = kind;
        for interface in supers {
            let interface = self.id(&interface.node);
            self.types[id.0].is.insert(interface);
        }
        for field in fields {
            self.define_field(id, &field.node);
        }
    }

    fn define_field(&mut self, ty: TypeId, field: &FieldDefinition) {
        let entry = FieldEntry {
            ty: self.type_ref(&field.ty.node),
        };
        self.types[ty.0]
            .fields
            .insert(field.name.node.clone(), entry);
    }

    fn type_ref(&mut self, ty: &Type) -> TypeRef {
        TypeRef {
            nullable: ty.nullable,
            base: match &ty.base {
                BaseType::Named(name) => Base::Named(self.id(name)),
                BaseType::List(item) => Base::List(Box::new(self.type_ref(item))),
            },
        }
    }

    fn name_roots(&mut self, schema: &SchemaDefinition) {
        let mut id = |name: &Option<async_graphql::Positioned<Name>>| {
            name.as_ref().map(|name| self.id(&name.node))
        };
        let (query, mutation) = (id(&schema.query), id(&schema.mutation));
        let subscription = id(&schema.subscription);
        self.query = query.or(self.query);
        self.mutation = mutation.or(self.mutation);
        self.subscription = subscription.or(self.subscription);
    }

    /// A schema that doesn't name its roots has them under their usual names.
    fn default_roots(&mut self) {
        if self.query.or(self.mutation).or(self.subscription).is_none() {
            self.query = self.find("Query");
            self.mutation = self.find("Mutation");
            self.subscription = self.find("Subscription");
        }
    }

    fn add_introspection(&mut self) {
        let (Some(query), Some(roots)) = (self.query, self.find("__Roots")) else {
            return;
        };
        let fields = std::mem::take(&mut self.types[roots.0].fields);
        self.types[query.0].fields.extend(fields);
    }
}
