using System.Text;

namespace Recommender.Storage;

/// <summary>
/// Format of a backup: magic, schema version, then each table as name, columns and rows, then an end mark. A value is a kind byte followed
/// by the value, little-endian. Kinds: 0 null, 1 integer (8 bytes), 2 number (8 bytes), 3 text, 4 bytes (both with a length prefix); 9
/// begins a row, 8 ends a table.
/// </summary>
internal static class BackupFormat
{
    private const string Magic = "recommender-backup-1";
    private const byte Null = 0, Integer = 1, Number = 2, Text = 3, Bytes = 4, EndOfTable = 8, Row = 9;

    /// <summary>
    /// All tables with their columns, in the order of restoring. <c>state</c> is last, so that no reader sees events that are not counted.
    /// </summary>
    public static readonly IReadOnlyList<(string Table, string[] Columns)> Tables =
    [
        ("event_types", ["type_id", "name"]),
        ("users", ["user_key", "is_session", "user_id", "revision", "events", "last_at_ms", "properties"]),
        ("items", ["item_key", "item_id", "item", "deleted", "popularity", "trend", "created_at_ms", "version"]),
        ("item_changes", ["id"]),
        ("events", ["sequence", "event_id", "user_key", "item_key", "type_id",
            "value", "occurred_at_ms", "session_id", "recommendation_id", "context", "occurred_at_stated"]),
        ("merges", ["session_id", "merged_at_ms", "through_ms", "user_id"]),
        ("tombstones", ["user_hash", "erased_at_ms"]),
        ("erasures", ["erasure_id", "events_removed", "model_version", "revision", "user_id", "due_at_ms", "version", "item_keys"]),
        ("erasure_stages", ["erasure_id", "stage", "at_ms"]),
        ("served_answers", ["day", "id", "at_ms", "is_session", "subject", "body"]),
        ("outcomes", ["sequence", "answer_id", "day", "item_key", "is_conversion", "value", "at_ms"]),
        ("open_outcomes", ["sequence", "answer_id", "item_key", "is_conversion", "value", "at_ms", "until_ms"]),
        ("figures", ["hour", "placement", "kind", "source", "model_version", "recorded", "answers", "items", "clicked_answers",
            "clicks", "converted_answers", "conversions", "value", "value_squares"]),
        ("shown_items", ["day", "placement", "item_key", "shown"]),
        ("models", ["version", "info", "state", "released_at_ms", "bytes"]),
        ("model_chunks", ["version", "chunk", "body"]),
        ("settings", ["name", "value"]),
        ("state", ["sequence", "revision", "events", "last_stored_at_ms", "retained_from_ms",
            "duplicate_events", "conflicting_events", "dropped_events", "ignored_item_changes", "vectors", "vector_length"]),
    ];

    public sealed class Writer(Stream stream) : IDisposable
    {
        private readonly BinaryWriter _writer = new(stream, Encoding.UTF8, leaveOpen: true);

        public void Begin(int schemaVersion)
        {
            _writer.Write(Magic);
            _writer.Write(schemaVersion);
        }

        public void BeginTable(string table, string[] columns)
        {
            _writer.Write(table);
            _writer.Write(columns.Length);
            foreach (string column in columns) _writer.Write(column);
        }

        public void WriteRow(ReadOnlySpan<object?> values)
        {
            _writer.Write(Row);
            foreach (object? value in values)
            {
                switch (value)
                {
                    case null or DBNull: _writer.Write(Null); break;
                    case int or long or short: _writer.Write(Integer); _writer.Write(Convert.ToInt64(value, null)); break;
                    case double number: _writer.Write(Number); _writer.Write(number); break;
                    case string text: _writer.Write(Text); _writer.Write(text); break;
                    case byte[] bytes: _writer.Write(Bytes); _writer.Write(bytes.Length); _writer.Write(bytes); break;
                    default: throw new NotSupportedException($"A value of type {value.GetType()} cannot be backed up.");
                }
            }
        }

        public void EndTable() => _writer.Write(EndOfTable);

        public void End() => _writer.Write("");

        public void Dispose() => _writer.Dispose();
    }

    /// <exception cref="InvalidDataException">Not a backup, or truncated.</exception>
    public sealed class Reader(Stream stream) : IDisposable
    {
        private readonly BinaryReader _reader = new(stream, Encoding.UTF8, leaveOpen: true);

        /// <summary>Reads the header. Returns the schema version of the backup.</summary>
        public int Begin() => Whole(() =>
        {
            // Compared byte by byte, because another file may start with any length.
            byte[] expected = [(byte)Magic.Length, .. Encoding.UTF8.GetBytes(Magic)];
            if (!_reader.ReadBytes(expected.Length).AsSpan().SequenceEqual(expected))
                throw new InvalidDataException("This is not a backup of a recommender store.");
            return _reader.ReadInt32();
        });

        /// <summary>Reads the header of the next table; null at the end.</summary>
        public (string Table, string[] Columns)? NextTable() => Whole<(string, string[])?>(() =>
        {
            string table = _reader.ReadString();
            if (table.Length == 0) return null;
            var known = Tables.FirstOrDefault(t => t.Table == table);
            int count = _reader.ReadInt32();
            if (known.Table is null || count is < 1 or > 64)
                throw new InvalidDataException($"The backup holds the unknown table \"{table}\".");
            string[] columns = new string[count];
            for (int i = 0; i < count; i++)
            {
                columns[i] = _reader.ReadString();
                if (!known.Columns.Contains(columns[i]))
                    throw new InvalidDataException($"The backup holds the unknown column {table}.{columns[i]}.");
            }

            return (table, columns);
        });

        /// <summary>Reads the next row into <paramref name="row"/>; false at the end of the table.</summary>
        public bool NextRow(object?[] row) => Whole(() =>
        {
            switch (_reader.ReadByte())
            {
                case EndOfTable: return false;
                case Row: break;
                default: throw new InvalidDataException("The backup is damaged.");
            }

            for (int i = 0; i < row.Length; i++)
            {
                row[i] = _reader.ReadByte() switch
                {
                    Null => null,
                    Integer => _reader.ReadInt64(),
                    Number => _reader.ReadDouble(),
                    Text => _reader.ReadString(),
                    Bytes => ReadBytes(_reader.ReadInt32()),
                    _ => throw new InvalidDataException("The backup is damaged."),
                };
            }

            return true;
        });

        private byte[] ReadBytes(int length)
        {
            byte[] bytes = length < 0 ? [] : _reader.ReadBytes(length);
            return bytes.Length == length ? bytes : throw new EndOfStreamException();
        }

        private static T Whole<T>(Func<T> read)
        {
            try
            {
                return read();
            }
            catch (EndOfStreamException e)
            {
                throw new InvalidDataException("The backup is cut short.", e);
            }
        }

        public void Dispose() => _reader.Dispose();
    }
}
