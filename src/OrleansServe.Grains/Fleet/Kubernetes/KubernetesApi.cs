using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace OrleansServe.Grains.Fleet.Kubernetes;

/// <summary>
/// Sends requests to the API server until one is answered, a bounded number of times: connections that break, servers that are slow, busy (429, with the wait that they ask for) or broken (5xx)
/// are tried again. What it sends can be sent twice: reads, and writes that name the version which they replace or set what is set already.
/// </summary>
internal sealed class KubernetesApi : IDisposable
{
    private const int MostBytes = 16 * 1024 * 1024;
    private const int MostMessage = 300;

    private readonly KubernetesFleetOptions _options;
    private readonly KubernetesAccount _account;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public KubernetesApi(KubernetesFleetOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _account = new KubernetesAccount(options.Account);
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectTimeout = options.AttemptTimeout,
        };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) => _account.IsTrusted(certificate, errors);
        _http = new HttpClient(handler) { BaseAddress = options.Server, MaxResponseContentBufferSize = MostBytes, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The namespace of the sets.</summary>
    /// <exception cref="FleetUnchangeableException">It is not told.</exception>
    public string Namespace => _options.Namespace ?? _account.ReadNamespace();

    /// <summary>Asks.</summary>
    /// <param name="method">GET, PUT, PATCH.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="body">JSON; null for none. PATCH bodies are merge patches.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>A success, 404, 409 or 410.</returns>
    /// <exception cref="FleetUnchangeableException">The server refuses, says nothing sensible or nothing at all, after all attempts.</exception>
    public async Task<KubernetesReply> SendAsync(HttpMethod method, string path, string? body, CancellationToken cancellation)
    {
        string fault = "";
        for (int attempt = 1; ; attempt++)
        {
            TimeSpan wait = _options.RetryDelay * attempt;
            try
            {
                using HttpResponseMessage response = await AttemptAsync(method, path, body, cancellation);
                if (response.IsSuccessStatusCode || response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Conflict or HttpStatusCode.Gone)
                {
                    return new KubernetesReply(response.StatusCode, await ReadAsync(response, method, path, cancellation));
                }

                fault = await DescribeAsync(response, cancellation);
                if (!IsPassing(response.StatusCode))
                {
                    throw new FleetUnchangeableException($"the API server refuses {method} {path}: {fault}");
                }

                wait = AskedWait(response) ?? wait;
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or TimeoutException)
            {
                fault = exception.InnerException is FleetUnchangeableException account ? throw account : exception.Message;
            }

            if (attempt >= _options.Attempts)
            {
                throw new FleetUnchangeableException($"the API server at {_options.Server.Authority} did not do {method} {path} in {attempt} attempts: {fault}");
            }

            await DelayAsync(wait, fault, cancellation);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> AttemptAsync(HttpMethod method, string path, string? body, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _account.ReadToken());
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json");
        }

        using CancellationTokenSource limit = new(_options.AttemptTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            // The body is read within the attempt's time too: a server may send its first line and then nothing.
            return await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"no answer within {_options.AttemptTimeout.TotalSeconds:0.###} s"));
        }
        catch (OperationCanceledException)
        {
            throw GivenUp("no answer yet");
        }
    }

    private async Task DelayAsync(TimeSpan wait, string fault, CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(wait, _time, cancellation);
        }
        catch (OperationCanceledException)
        {
            throw GivenUp(fault);
        }
    }

    private FleetUnchangeableException GivenUp(string fault) => new($"the API server at {_options.Server.Authority} took longer than a decision may: {fault}");

    /// <summary>Whether another attempt may end otherwise. A token that has just been exchanged is refused by a server that has not heard of it.</summary>
    private static bool IsPassing(HttpStatusCode status) => status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or HttpStatusCode.Unauthorized || (int)status >= 500;

    private TimeSpan? AskedWait(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > _time.GetUtcNow() => date - _time.GetUtcNow(),
        _ => null,
    };

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, HttpMethod method, string path, CancellationToken cancellation)
    {
        try
        {
            using JsonDocument document = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellation), cancellationToken: cancellation);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new FleetUnchangeableException($"the API server answers {method} {path} with {document.RootElement.ValueKind} instead of an object");
        }
        catch (JsonException fault)
        {
            throw new FleetUnchangeableException($"the API server answers {method} {path} with something that is no JSON: {fault.Message}", fault);
        }
    }

    /// <summary>The status, and the message of the body where it is one.</summary>
    private static async Task<string> DescribeAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        string text = $"{(int)response.StatusCode} {response.ReasonPhrase}";
        try
        {
            using JsonDocument document = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellation));
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("message", out JsonElement message) && message.ValueKind == JsonValueKind.String
                ? $"{text}: {Shorten(message.GetString()!)}"
                : text;
        }
        catch (JsonException)
        {
            // A proxy's page says no more than its status.
            return text;
        }
    }

    private static string Shorten(string message) => new([.. message.Take(MostMessage).Select(letter => char.IsControl(letter) ? ' ' : letter)]);
}
