using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Witan.Worker.Models;

/// <summary>
/// The one tool a model may call: <c>dao_vote</c>, with the proposal's own options (abstain among them) as the only values.
/// The parser is strict: exactly the two members, each once, of the right type, an option to the letter. Whatever a proposal
/// says, neither this schema nor the ballot's format can be changed by it.
/// </summary>
public sealed class VoteTool
{
    /// <summary>The tool's name.</summary>
    public const string Name = "dao_vote";

    /// <summary>Longest reasoning, in characters.</summary>
    public const int MaximumReasoning = 10_000;

    private readonly IReadOnlyList<string> _options;

    /// <summary>Creates the tool for one proposal's options, in ballot order.</summary>
    public VoteTool(IReadOnlyList<string> options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Count, 2, nameof(options));
        _options = options;
        Declaration = AIFunctionFactory.CreateDeclaration(
            Name, "Cast your one vote on the proposal, with the reasons for it.", Schema(options));
    }

    /// <summary>What the model is shown.</summary>
    public AIFunctionDeclaration Declaration { get; }

    /// <summary>
    /// Reads the arguments of a call. False with a sentence that can be shown to the model where they are not exactly as the
    /// schema says.
    /// </summary>
    public bool TryParse(string arguments, out int option, [NotNullWhen(true)] out string? reasoning, [NotNullWhen(false)] out string? problem)
    {
        option = -1;
        reasoning = null;
        string? vote = null;
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(arguments), new JsonReaderOptions { MaxDepth = 4 });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return Fail("the arguments must be one JSON object", out problem);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string? member = reader.GetString();
                reader.Read();
                if (member is not ("vote" or "reasoning"))
                    return Fail($"unknown member \"{Short(member)}\"; only \"vote\" and \"reasoning\" are allowed", out problem);
                if (reader.TokenType != JsonTokenType.String)
                    return Fail($"\"{member}\" must be a string", out problem);
                if ((member == "vote" ? vote : reasoning) is not null)
                    return Fail($"\"{member}\" stands there twice", out problem);
                if (member == "vote")
                    vote = reader.GetString();
                else
                    reasoning = reader.GetString();
            }

            if (reader.TokenType != JsonTokenType.EndObject || reader.Read())
                return Fail("there is something after the object", out problem);
        }
        catch (JsonException)
        {
            return Fail("the arguments are no valid JSON", out problem);
        }
        catch (InvalidOperationException)
        {
            return Fail("a string is no valid UTF-8", out problem);
        }

        if (vote is null || reasoning is null)
            return Fail("both \"vote\" and \"reasoning\" are required", out problem);
        if (reasoning.Length > MaximumReasoning)
            return Fail($"\"reasoning\" is longer than {MaximumReasoning} characters", out problem);
        option = _options.ToList().IndexOf(vote);
        if (option < 0)
            return Fail($"\"vote\" must be exactly one of: {string.Join(", ", _options.Select(name => $"\"{name}\""))}", out problem);
        problem = null;
        return true;
    }

    private static bool Fail(string text, out string problem)
    {
        problem = text;
        return false;
    }

    private static string Short(string? text) => text is null ? "" : text.Length <= 40 ? text : text[..40] + "…";

    private static JsonElement Schema(IReadOnlyList<string> options)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", "object");
            json.WriteStartObject("properties");
            json.WriteStartObject("vote");
            json.WriteString("type", "string");
            json.WriteStartArray("enum");
            foreach (string option in options)
                json.WriteStringValue(option);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteStartObject("reasoning");
            json.WriteString("type", "string");
            json.WriteString("description", "Why, in at most a page.");
            json.WriteNumber("maxLength", MaximumReasoning);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteStartArray("required");
            json.WriteStringValue("vote");
            json.WriteStringValue("reasoning");
            json.WriteEndArray();
            json.WriteBoolean("additionalProperties", false);
            json.WriteEndObject();
        }

        using JsonDocument document = JsonDocument.Parse(buffer.ToArray());
        return document.RootElement.Clone();
    }
}
