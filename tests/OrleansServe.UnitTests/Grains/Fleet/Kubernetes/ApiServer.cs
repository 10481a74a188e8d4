using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OrleansServe.UnitTests.Grains.Fleet.Kubernetes;

/// <summary>
/// Behaves as an API server does for what a fleet asks of one: scales with versions that conflict, lists in pages whose places expire, merge patches of labels, tokens that are exchanged; and
/// has, when told, one of its bad moments.
/// </summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly Lock _lock = new();
    private readonly ConcurrentQueue<Func<HttpContext, Task<bool>>> _moments = new();
    private int _version = 100;

    private ApiServer(WebApplication application) => _application = application;

    /// <summary>Pods asked for, by set.</summary>
    public Dictionary<string, int> Replicas { get; } = new() { ["orleansserve-prefill"] = 1, ["orleansserve-decode"] = 4 };

    /// <summary>Pods and the machines that they are on.</summary>
    public List<(string Pod, string? Machine)> Pods { get; } = [];

    /// <summary>Machines and their labels.</summary>
    public SortedDictionary<string, Dictionary<string, string>> Machines { get; } = new(StringComparer.Ordinal);

    /// <summary>Everything that was asked: method, path and query, and the body after a space.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>The token that is accepted.</summary>
    public string Token { get; set; } = "first";

    /// <summary>Items of a page at most.</summary>
    public int PageSize { get; set; } = 500;

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<ApiServer> StartAsync(X509Certificate2? certificate = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint =>
        {
            if (certificate is not null)
            {
                endpoint.UseHttps(certificate);
            }
        }));
        WebApplication application = builder.Build();
        ApiServer server = new(application);
        application.Run(server.ServeAsync);
        await application.StartAsync();
        return server;
    }

    /// <summary>Answers the next requests with a status and a Status object, each once.</summary>
    public void Answer(HttpStatusCode status, int times = 1, string? retryAfter = null, string message = "not now")
    {
        for (int i = 0; i < times; i++)
        {
            _moments.Enqueue(async context =>
            {
                context.Response.Headers.RetryAfter = retryAfter;
                await WriteAsync(context, status, Status(status, message));
                return true;
            });
        }
    }

    /// <summary>Answers the next request with something.</summary>
    public void AnswerWith(Func<HttpContext, Task> answer) => _moments.Enqueue(async context =>
    {
        await answer(context);
        return true;
    });

    /// <summary>Does something while the next request is under way, which is answered as usual.</summary>
    public void Meanwhile(Action happens) => _moments.Enqueue(_ =>
    {
        lock (_lock)
        {
            happens();
            _version++;
        }

        return Task.FromResult(false);
    });

    /// <summary>Answers the next request as usual.</summary>
    public void AsUsual() => Meanwhile(() => _version--);

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new();
        await now.CancelAsync();
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        using StreamReader reader = new(context.Request.Body);
        string body = await reader.ReadToEndAsync();
        Asked.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {body}".TrimEnd());
        if (_moments.TryDequeue(out Func<HttpContext, Task<bool>>? moment) && await moment(context))
        {
            return;
        }

        if (context.Request.Headers.Authorization != $"Bearer {Token}")
        {
            await WriteAsync(context, HttpStatusCode.Unauthorized, Status(HttpStatusCode.Unauthorized, "Unauthorized"));
            return;
        }

        HttpStatusCode status;
        JsonNode answer;
        lock (_lock)
        {
            (status, answer) = Handle(context, body);
        }

        await WriteAsync(context, status, answer);
    }

    private (HttpStatusCode Status, JsonNode Answer) Handle(HttpContext context, string body)
    {
        string[] path = context.Request.Path.Value!.Trim('/').Split('/');
        return (context.Request.Method, path) switch
        {
            ("GET", ["apis", "apps", "v1", "namespaces", "serving", "statefulsets", { } set, "scale"]) when Replicas.ContainsKey(set) => (HttpStatusCode.OK, Scale(set)),
            ("PUT", ["apis", "apps", "v1", "namespaces", "serving", "statefulsets", { } set, "scale"]) when Replicas.ContainsKey(set) => SetScale(set, JsonNode.Parse(body)!),
            ("GET", ["api", "v1", "namespaces", "serving", "pods"]) => List(context, [.. Pods.Select(Pod)]),
            ("GET", ["api", "v1", "nodes"]) => List(context, [.. Machines.Select(Machine)]),
            ("PATCH", ["api", "v1", "nodes", { } name]) when Machines.ContainsKey(name) && context.Request.ContentType!.StartsWith("application/merge-patch+json", StringComparison.Ordinal) => Patch(name, JsonNode.Parse(body)!),
            _ => (HttpStatusCode.NotFound, Status(HttpStatusCode.NotFound, $"{path[^1]} not found")),
        };
    }

    private JsonObject Scale(string set) => new()
    {
        ["kind"] = "Scale",
        ["apiVersion"] = "autoscaling/v1",
        ["metadata"] = new JsonObject { ["name"] = set, ["namespace"] = "serving", ["resourceVersion"] = $"{_version}" },
        ["spec"] = Replicas[set] == 0 ? new JsonObject() : new JsonObject { ["replicas"] = Replicas[set] },
        ["status"] = new JsonObject { ["replicas"] = 0 },
    };

    private (HttpStatusCode Status, JsonNode Answer) SetScale(string set, JsonNode scale)
    {
        if ((string?)scale["metadata"]!["resourceVersion"] != $"{_version}")
        {
            return (HttpStatusCode.Conflict, Status(HttpStatusCode.Conflict, "the object has been modified; please apply your changes to the latest version and try again"));
        }

        Replicas[set] = (int)scale["spec"]!["replicas"]!;
        _version++;
        return (HttpStatusCode.OK, Scale(set));
    }

    private (HttpStatusCode Status, JsonNode Answer) List(HttpContext context, List<JsonNode> items)
    {
        int from = int.TryParse(context.Request.Query["continue"], out int at) ? at : 0;
        int to = Math.Min(items.Count, from + PageSize);
        JsonObject metadata = to < items.Count ? new JsonObject { ["continue"] = $"{to}" } : [];
        return (HttpStatusCode.OK, new JsonObject { ["kind"] = "List", ["metadata"] = metadata, ["items"] = new JsonArray([.. items.Skip(from).Take(to - from)]) });
    }

    private (HttpStatusCode Status, JsonNode Answer) Patch(string name, JsonNode patch)
    {
        foreach ((string key, JsonNode? value) in patch["metadata"]!["labels"]!.AsObject())
        {
            if (value is null)
            {
                Machines[name].Remove(key);
            }
            else
            {
                Machines[name][key] = (string)value!;
            }
        }

        return (HttpStatusCode.OK, Machine(new(name, Machines[name])));
    }

    private static JsonNode Pod((string Pod, string? Machine) pod) => new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = pod.Pod },
        ["spec"] = pod.Machine is null ? new JsonObject() : new JsonObject { ["nodeName"] = pod.Machine },
    };

    private static JsonNode Machine(KeyValuePair<string, Dictionary<string, string>> machine) => new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = machine.Key, ["labels"] = JsonSerializer.SerializeToNode(machine.Value) },
    };

    private static JsonObject Status(HttpStatusCode status, string message) => new() { ["kind"] = "Status", ["status"] = "Failure", ["message"] = message, ["code"] = (int)status };

    private static async Task WriteAsync(HttpContext context, HttpStatusCode status, JsonNode answer)
    {
        context.Response.StatusCode = (int)status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString());
    }
}
