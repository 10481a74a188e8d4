using Grpc.Core;

namespace OrleansServe.Gateway;

/// <summary>A request ends with an error status; the message is one line for the client.</summary>
internal sealed class RequestRejectedException : Exception
{
    private const int LongestValue = 80;

    private RequestRejectedException(StatusCode status, string message, TimeSpan? retryAfter = null, Exception? inner = null)
        : base(message, inner)
    {
        Status = status;
        RetryAfter = retryAfter;
    }

    /// <summary>What the call ends with.</summary>
    public StatusCode Status { get; }

    /// <summary>For an overload, when to try again.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>A field that is not what it has to be: <c>field must be requirement, not value.</c></summary>
    public static RequestRejectedException Invalid(string field, string requirement, string value) =>
        new(StatusCode.InvalidArgument, $"{field} must be {requirement}, not {value}.");

    /// <summary>A request that no worker could ever serve.</summary>
    public static RequestRejectedException Invalid(string message) => new(StatusCode.InvalidArgument, message);

    /// <summary>A model that is not served here.</summary>
    public static RequestRejectedException UnknownModel(string field, string served, string asked) =>
        new(StatusCode.NotFound, $"{field} must be {Quote(served)}, not {Quote(asked)}.");

    /// <summary>Too much to do; trying again later helps.</summary>
    public static RequestRejectedException Overloaded(string message, TimeSpan retryAfter, Exception? inner = null) =>
        new(StatusCode.ResourceExhausted, message, retryAfter, inner);

    /// <summary>Nobody can serve the request now.</summary>
    public static RequestRejectedException Unavailable(string message, Exception? inner = null) =>
        new(StatusCode.Unavailable, message, inner: inner);

    /// <summary>A worker cannot serve the request, and neither could another: asking again would come to the same.</summary>
    public static RequestRejectedException Failed(string message, Exception? inner = null) => new(StatusCode.Internal, message, inner: inner);

    /// <summary>A fault of ours; the log has the rest under the request's id.</summary>
    public static RequestRejectedException Internal(Guid requestId, Exception inner) =>
        new(StatusCode.Internal, $"Request {requestId:N} met an internal error.", inner: inner);

    /// <summary>A reason that another part of the cluster gave, as a sentence of its own.</summary>
    public static string Sentence(string reason) => reason.Length == 0 ? reason : $"{char.ToUpperInvariant(reason[0])}{reason.AsSpan(1)}.";

    /// <summary>A client's string as it may stand in a message: quoted, without control characters, and cut where it is long.</summary>
    public static string Quote(string value)
    {
        ReadOnlySpan<char> shown = value.AsSpan(0, Math.Min(value.Length, LongestValue));
        Span<char> clean = stackalloc char[LongestValue];
        for (int i = 0; i < shown.Length; i++)
        {
            clean[i] = char.IsControl(shown[i]) || char.IsSurrogate(shown[i]) ? '\uFFFD' : shown[i];
        }

        return $"'{clean[..shown.Length]}'{(value.Length > LongestValue ? "…" : string.Empty)}";
    }
}
