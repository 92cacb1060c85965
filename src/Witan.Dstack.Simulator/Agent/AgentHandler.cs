using Microsoft.AspNetCore.Http;

namespace Witan.Dstack.Simulator;

/// <summary>
/// One request to one answer, by the real agent's rules: JSON where the request says so, protobuf where it does not, a query for GET;
/// 400 for everything that is refused; and always a Content-Length.
/// </summary>
internal static class AgentHandler
{
    public const int MaximumBody = 10 << 20;

    public static async Task AnswerAsync(HttpContext context)
    {
        AgentEndpoint endpoint = context.Features.Get<AgentEndpoint>()!;
        HttpRequest request = context.Request;
        bool isGet = HttpMethods.IsGet(request.Method);
        if (endpoint.VersionHeader is { } version)
            context.Response.Headers["X-App-Version"] = version;
        if (!(isGet || HttpMethods.IsPost(request.Method)) || !endpoint.TryRoute(request.Path.Value ?? "", out AgentMethod? method))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await WriteAsync(context, "application/json", """{"error":{"code":404,"reason":"Not Found","description":"The requested resource could not be found."}}"""u8.ToArray());
            return;
        }

        bool isJson = isGet || IsJson(request);
        byte[] body;
        try
        {
            if (method is null)
                throw new AgentException("Service not found");
            AgentMessage message = isGet
                ? QueryMessages.Read(method.Request, request.Query)
                : Read(method.Request, await ReadAsync(request, context.RequestAborted), isJson);
            AgentMessage answer = method.Answer(endpoint.Machine, message);
            body = isJson ? JsonMessages.Write(method.Response, answer) : ProtobufMessages.Write(method.Response, answer);
        }
        catch (AgentException e)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            body = isJson ? JsonMessages.Error(e.Message) : ProtobufMessages.Error(e.Message);
        }

        await WriteAsync(context, isJson ? "application/json" : "application/octet-stream", body);
    }

    private static AgentMessage Read(AgentSchema schema, byte[] body, bool isJson) =>
        !isJson ? ProtobufMessages.Read(schema, body)
        // An empty message may be sent as nothing.
        : body.Length == 0 ? new AgentMessage()
        : JsonMessages.Read(schema, body);

    private static bool IsJson(HttpRequest request) =>
        request.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) == true
        || (request.Query.TryGetValue("json", out var said) && said.ToString() is "" or "1" or "true");

    private static async Task<byte[]> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaximumBody)
            throw new AgentException("failed to read data: payload too large");
        using var body = new MemoryStream((int)(request.ContentLength ?? 0));
        try
        {
            await request.Body.CopyToAsync(body, cancellationToken);
        }
        catch (BadHttpRequestException)
        {
            throw new AgentException("failed to read data: payload too large");
        }

        return body.Length == body.Capacity ? body.GetBuffer() : body.ToArray();
    }

    private static Task WriteAsync(HttpContext context, string type, byte[] body)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, 0, body.Length);
    }
}
