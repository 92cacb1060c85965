using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;

namespace Witan.Coordinator.Api.Description;

/// <summary>Who may call an operation.</summary>
internal enum ApiAccess
{
    /// <summary>Anyone.</summary>
    Public,

    /// <summary>A requester: the body is signed by a key that the coordinator knows.</summary>
    Requester,

    /// <summary>An admitted agent: the request is signed by the key that its evidence bound.</summary>
    Agent,
}

/// <summary>A value in the query.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it means.</param>
/// <param name="IsNumber">A whole number; else 64 hexadecimal digits.</param>
/// <param name="IsRequired">Whether it must be there.</param>
internal sealed record ApiQuery(string Name, string Description, bool IsNumber = true, bool IsRequired = false);

/// <summary>What the OpenAPI document says of one route; metadata of its endpoint.</summary>
/// <param name="Id">Stable id: names the method in generated clients.</param>
/// <param name="Summary">One line.</param>
internal sealed record ApiOperation(string Id, string Summary)
{
    /// <summary>Who may call.</summary>
    public ApiAccess Access { get; init; }

    /// <summary>The request's body; null where there is none.</summary>
    public JsonTypeInfo? Body { get; init; }

    /// <summary>The answer's body; null where there is none.</summary>
    public JsonTypeInfo? Answer { get; init; }

    /// <summary>Status of the answer.</summary>
    public int Status { get; init; } = 200;

    /// <summary>Whether a JSON null is an answer too.</summary>
    public bool MayBeNull { get; init; }

    /// <summary>Values in the query.</summary>
    public IReadOnlyList<ApiQuery> Query { get; init; } = [];

    /// <summary>Statuses with which it refuses; every one comes as problem+json with a stable code.</summary>
    public IReadOnlyList<int> Refusals { get; init; } = [];

    /// <summary>Whether a refusal comes as the answer's own type, signed.</summary>
    public bool RefusesSigned { get; init; }

    /// <summary>Whether it honours the header Idempotency-Key.</summary>
    public bool TakesKey { get; init; }
}

/// <summary>Puts descriptions on routes.</summary>
internal static class ApiDescriptions
{
    public static void Describe(this IEndpointConventionBuilder route, ApiOperation operation) => route.WithMetadata(operation);
}
