using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Witan.Voting;

namespace Witan.Coordinator.Api.Description;

/// <summary>
/// The OpenAPI 3.1 document of the routes that are mapped: what is served at <c>/v1/openapi.json</c> and committed as
/// <c>docs/reference/openapi.json</c>.
/// </summary>
internal static class ApiDocument
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the document for endpoints; those without a description are left out.</summary>
    public static byte[] Write(IEnumerable<RouteEndpoint> endpoints)
    {
        var schemas = new ApiSchemas();
        var paths = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (RouteEndpoint endpoint in endpoints)
        {
            if (endpoint.Metadata.GetMetadata<ApiOperation>() is not { } operation)
                continue;
            string path = endpoint.RoutePattern.RawText!, method = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods[0].ToLowerInvariant();
            if (!paths.TryGetValue(path, out JsonObject? methods))
                paths[path] = methods = [];
            methods[method] = Operation(endpoint, operation, schemas);
        }

        JsonNode problem = schemas.Of(WireJson.Default.Problem);
        var document = new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Witan coordinator",
                ["version"] = "1",
                ["description"] = "Errors are problem+json with a stable code; docs/reference/api.md lists the codes. Bytes are lower-case hexadecimal, times are UTC milliseconds.",
                ["license"] = new JsonObject { ["name"] = "Apache-2.0", ["identifier"] = "Apache-2.0" },
            },
            ["paths"] = new JsonObject(paths.Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, pair.Value))),
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas.Components,
                ["responses"] = new JsonObject { ["Problem"] = Answer("A refusal, or a failure; code is stable.", "application/problem+json", problem) },
                ["securitySchemes"] = SecuritySchemes(),
            },
        };
        return JsonSerializer.SerializeToUtf8Bytes(document, Indented);
    }

    private static JsonObject Operation(RouteEndpoint endpoint, ApiOperation operation, ApiSchemas schemas)
    {
        var written = new JsonObject { ["operationId"] = operation.Id, ["summary"] = operation.Summary };
        JsonArray parameters = [.. Parameters(endpoint, operation)];
        if (parameters.Count > 0)
            written["parameters"] = parameters;
        if (operation.Access == ApiAccess.Agent)
            written["security"] = new JsonArray(new JsonObject { ["agent"] = new JsonArray(), ["agentTime"] = new JsonArray(), ["agentSignature"] = new JsonArray() });
        if (operation.Body is { } body)
            written["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Content("application/json", schemas.Of(body)) };
        var responses = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal)
        {
            [$"{operation.Status}"] = operation.Answer is { } answer
                ? Answer(
                    operation.MayBeNull ? "Done; null where there is nothing now: ask again." : "Done.",
                    "application/json",
                    operation.MayBeNull
                        ? new JsonObject { ["oneOf"] = new JsonArray(schemas.Of(answer), new JsonObject { ["type"] = "null" }) }
                        : schemas.Of(answer))
                : new JsonObject { ["description"] = "Done." },
        };
        foreach (int status in operation.Refusals)
        {
            responses[$"{status}"] = operation is { RefusesSigned: true, Answer: { } signed } && status is 403 or 409 or 410 or 422
                ? new JsonObject
                {
                    ["description"] = "Refused: signed by the coordinator, or as a problem.",
                    ["content"] = new JsonObject
                    {
                        ["application/json"] = new JsonObject { ["schema"] = schemas.Of(operation.Answer!) },
                        ["application/problem+json"] = new JsonObject { ["schema"] = schemas.Of(WireJson.Default.Problem) },
                    },
                }
                : new JsonObject { ["$ref"] = "#/components/responses/Problem" };
        }

        responses["default"] = new JsonObject { ["$ref"] = "#/components/responses/Problem" };
        written["responses"] = new JsonObject(responses);
        return written;
    }

    private static IEnumerable<JsonObject> Parameters(RouteEndpoint endpoint, ApiOperation operation)
    {
        static JsonObject Hex() => new() { ["type"] = "string", ["pattern"] = "^[0-9a-f]{64}$" };
        foreach (Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart part in endpoint.RoutePattern.Parameters)
            yield return new JsonObject { ["name"] = part.Name, ["in"] = "path", ["required"] = true, ["schema"] = Hex() };
        foreach (ApiQuery query in operation.Query)
        {
            yield return new JsonObject
            {
                ["name"] = query.Name,
                ["in"] = "query",
                ["required"] = query.IsRequired,
                ["description"] = query.Description,
                ["schema"] = query.IsNumber ? new JsonObject { ["type"] = "integer", ["format"] = "int64", ["minimum"] = 0 } : Hex(),
            };
        }

        if (operation.TakesKey)
        {
            yield return new JsonObject
            {
                ["name"] = IdempotencyMiddleware.Header,
                ["in"] = "header",
                ["required"] = false,
                ["description"] = "The same key with the same body gets the first answer again, for a day.",
                ["schema"] = new JsonObject { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = IdempotencyMiddleware.LongestKey },
            };
        }
    }

    private static JsonObject SecuritySchemes()
    {
        static JsonObject Header(string name, string description) =>
            new() { ["type"] = "apiKey", ["in"] = "header", ["name"] = name, ["description"] = description };
        return new JsonObject
        {
            ["agent"] = Header(SignedRequest.AgentHeader, "Id of an admitted agent."),
            ["agentTime"] = Header(SignedRequest.TimeHeader, "UTC milliseconds, at most 60 s off."),
            ["agentSignature"] = Header(SignedRequest.SignatureHeader, "Ed25519 signature of the agent's attested key over method, path with query, time and body."),
        };
    }

    private static JsonObject Answer(string description, string type, JsonNode schema) => new() { ["description"] = description, ["content"] = Content(type, schema) };

    private static JsonObject Content(string type, JsonNode schema) => new() { [type] = new JsonObject { ["schema"] = schema } };
}
