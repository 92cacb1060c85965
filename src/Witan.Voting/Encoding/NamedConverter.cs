using System.Text.Json.Serialization;

namespace Witan.Voting;

/// <summary>An enumeration as its name in JSON; a number is refused, so that no value without a name gets in.</summary>
internal sealed class NamedConverter<T>() : JsonStringEnumConverter<T>(namingPolicy: null, allowIntegerValues: false)
    where T : struct, Enum;
