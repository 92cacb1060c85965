using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Coordinator.Api.Description;

/// <summary>The schemas of an OpenAPI document, from the very types that are read and written. Every type of ours stands once, under its name.</summary>
internal sealed class ApiSchemas
{
    private readonly SortedDictionary<string, JsonNode> _components = new(StringComparer.Ordinal);

    /// <summary>The schemas by name.</summary>
    public JsonObject Components
    {
        get
        {
            var all = new JsonObject();
            foreach ((string name, JsonNode schema) in _components)
                all[name] = schema;
            return all;
        }
    }

    /// <summary>The schema of a type: a reference where the type is one of ours.</summary>
    public JsonNode Of(JsonTypeInfo type) => Known(type.Type) ?? (IsOurs(type.Type) ? Reference(type) : Export(type));

    private JsonNode Export(JsonTypeInfo type) => type.GetJsonSchemaAsNode(new JsonSchemaExporterOptions
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = (context, schema) =>
        {
            Type clean = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
            if (context.Path.Length > 0 && context.BaseTypeInfo is null && IsOurs(clean) && Known(clean) is null)
                return OrNull(Reference(context.TypeInfo), context);
            // An event's name is its discriminator, ignored as a member; the exporter does not see that through an override.
            if (typeof(RecordPayload).IsAssignableFrom(clean) && schema is JsonObject { } payload && payload["properties"] is JsonObject members)
                members.Remove("name");
            return Known(clean) is { } known ? OrNull(known, context) : schema;
        },
    });

    private JsonObject Reference(JsonTypeInfo type)
    {
        Type clean = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        if (!_components.ContainsKey(clean.Name))
        {
            // Entered first: a type may contain itself.
            _components[clean.Name] = new JsonObject();
            _components[clean.Name] = Export(type);
        }

        return new JsonObject { ["$ref"] = $"#/components/schemas/{clean.Name}" };
    }

    private static bool IsOurs(Type type) => type is { IsEnum: false, IsGenericType: false } && type.Namespace?.StartsWith("Witan.", StringComparison.Ordinal) == true;

    // Types whose text form is made by a converter, of which the exporter knows nothing.
    private static JsonObject? Known(Type type)
    {
        static JsonObject Hex(int digits) => new() { ["type"] = "string", ["pattern"] = digits > 0 ? $"^[0-9a-f]{{{digits}}}$" : "^([0-9a-f]{2})*$" };
        if (type == typeof(Digest))
            return Hex(64);
        if (type == typeof(byte[]))
            return Hex(0);
        if (type == typeof(P256Point))
            return Hex(66);
        if (type == typeof(P256Scalar))
            return Hex(64);
        if (type == typeof(DateTimeOffset))
            return new JsonObject { ["type"] = "integer", ["format"] = "int64", ["description"] = "UTC milliseconds" };
        return type.IsEnum ? new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(name => JsonValue.Create(name))]) } : null;
    }

    private static JsonNode OrNull(JsonNode schema, JsonSchemaExporterContext context)
    {
        bool nullable = Nullable.GetUnderlyingType(context.TypeInfo.Type) is not null || context.PropertyInfo?.IsGetNullable == true;
        return nullable ? new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) } : schema;
    }
}
