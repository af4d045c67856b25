// The same on PostgreSQL, whose transactions are not one behind the other.

import '../s3/direct_rights.test.js';
