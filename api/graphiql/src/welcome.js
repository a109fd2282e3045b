/** The tabs of a first visit, in the order in which one gets to know the server. */
export function firstTabs({ tenantHeader }) {
  return [{ query: currentTenant(tenantHeader) }, { query: EMPLOYEES }, { query: CREATE_CUSTOMER }];
}

const currentTenant = header => `# Welcome to Insula.
#
# 1. Choose a tenant in the bar above. Its domain
#    travels with every request, as the header
#    ${header}; left empty, the
#    host name of this page decides.
# 2. Run this query with the button on the right,
#    or Ctrl-Enter. It needs no token.
# 3. Sign in, above on the right, and go on to
#    the next tab.
#
# Ctrl-Space completes what you type. The icons on
# the left open the documentation, your history
# and an explorer to click queries together.

query CurrentTenant {
  tenant {
    name
    slug
    street
    city
  }
}
`;

const EMPLOYEES = `# Lists come in pages: \`first\` and \`after\` go
# forwards, \`last\` and \`before\` backwards.
# The next page comes \`after\` this \`endCursor\`.

query Employees {
  me {
    name
    email
  }
  employees(first: 5) {
    nodes {
      number
      name
      title
      department {
        name
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

const CREATE_CUSTOMER = `# A mutation takes one \`input\`. What is wrong
# with it comes back in \`userErrors\`, as data,
# and then nothing was written.

mutation CreateCustomer {
  createCustomer(input: { name: "Ada Lovelace", email: "ada@example.com" }) {
    customer {
      id
      number
      name
    }
    userErrors {
      code
      message
      field
    }
  }
}
`;
