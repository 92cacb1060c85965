using System.Text.Json;
using System.Text.Json.Serialization;

namespace Witan.Worker.Deliberation;

/// <summary>One thing that a worker looks at.</summary>
/// <param name="Fact">Name of a stated fact.</param>
/// <param name="Prefer"><c>low</c>, <c>high</c>, <c>yes</c> or <c>no</c>.</param>
/// <param name="Weight">How much it counts, above 0.</param>
/// <param name="Pivot">For <c>low</c> and <c>high</c>: the value that counts neither way.</param>
/// <param name="Because">Why, for the reasoning.</param>
public sealed record Criterion(string Fact, string Prefer, double Weight, double Pivot = 0, string Because = "");

/// <summary>What a worker never agrees to.</summary>
/// <param name="Fact">Name of a stated fact.</param>
/// <param name="Above">Crossed above this number.</param>
/// <param name="Below">Crossed below this number.</param>
/// <param name="Is">Crossed where the fact is exactly this.</param>
/// <param name="Because">Why, for the reasoning.</param>
public sealed record RedLine(string Fact, double? Above = null, double? Below = null, string? Is = null, string Because = "");

/// <summary>Who a worker is: its values in words, and, for the rule deliberator, in numbers.</summary>
/// <param name="Schema"><c>witan.profile/1</c>.</param>
/// <param name="Name">For people.</param>
/// <param name="Values">Its values in words.</param>
/// <param name="Criteria">What it looks at.</param>
/// <param name="RedLines">What it never agrees to.</param>
/// <param name="Margin">How far the score must be from zero for a side, 0 to 1; in between it abstains.</param>
public sealed record WorkerProfile(
    string Schema, string Name, string Values, IReadOnlyList<Criterion> Criteria, IReadOnlyList<RedLine> RedLines, double Margin = 0.1)
{
    /// <summary>Reads a profile. Throws <see cref="FormatException"/> with what is wrong.</summary>
    public static WorkerProfile Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            WorkerProfile profile = JsonSerializer.Deserialize(json, ProfileJson.Default.WorkerProfile) ?? throw new FormatException("the profile is null");
            if (profile.Schema != "witan.profile/1")
                throw new FormatException("schema is not witan.profile/1");
            // The serializer's own null checks do not reach the members of lists.
            if (profile.Criteria.Any(item => item is null) || profile.RedLines.Any(item => item is null))
                throw new FormatException("a list holds null");
            if (profile.Criteria.FirstOrDefault(item => item.Weight <= 0 || item.Prefer is not ("low" or "high" or "yes" or "no")) is { } wrong)
                throw new FormatException($"criterion {wrong.Fact}: weight above 0, prefer low, high, yes or no");
            return profile;
        }
        catch (JsonException e)
        {
            throw new FormatException($"the profile is not as specified: {e.Message}", e);
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    ReadCommentHandling = JsonCommentHandling.Skip)]
[JsonSerializable(typeof(WorkerProfile))]
internal sealed partial class ProfileJson : JsonSerializerContext;
