using Microsoft.AspNetCore.Http;

namespace Witan.Dstack.Simulator;

/// <summary>Messages in a query: <c>field=value</c>, lists as <c>field[0]=…</c>, bytes in hexadecimal. Unknown names are read over.</summary>
internal static class QueryMessages
{
    public static AgentMessage Read(AgentSchema schema, IQueryCollection query)
    {
        var message = new AgentMessage();
        foreach ((string name, var values) in query)
        {
            int bracket = name.IndexOf('[', StringComparison.Ordinal);
            AgentField? field = schema.Find(bracket < 0 ? name : name.AsSpan(0, bracket));
            string value = values.ToString();
            switch (field?.Kind)
            {
                case null:
                    break;
                case FieldKind.Text:
                    message.Set(field.Name, value);
                    break;
                case FieldKind.Bytes:
                    message.Set(field.Name, JsonMessages.Hex(value, field.Name));
                    break;
                case FieldKind.Flag:
                    message.Set(field.Name, value switch
                    {
                        "true" => true,
                        "false" => false,
                        _ => throw new AgentException($"Failed to decode request: {field.Name} is neither true nor false"),
                    });
                    break;
                case FieldKind.Number:
                    message.Set(field.Name, ulong.TryParse(value, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out ulong number)
                        ? number
                        : throw new AgentException($"Failed to decode request: {field.Name} is no number"));
                    break;
                default:
                    foreach (string? text in values)
                        message.Append(field.Name, text ?? "");
                    break;
            }
        }

        return message;
    }
}
