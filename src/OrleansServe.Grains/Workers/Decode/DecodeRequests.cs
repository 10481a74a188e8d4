using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Grains.Workers.Channels;
using OrleansServe.Transfer;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Grains.Workers.Decode;

/// <summary>
/// A decode worker's samples, each from its reservation to its end: its blocks, the KV that comes for them, its place in the batch, its gateway's channel. Belongs to the engine's
/// thread.
/// </summary>
/// <param name="worker">Whose they are.</param>
/// <param name="engine">What it can compute.</param>
/// <param name="requests">The samples, by name.</param>
/// <param name="reservations">Their tickets.</param>
/// <param name="streams">Where tokens go.</param>
internal sealed class DecodeRequests(
    WorkerId worker, EngineInfo engine, Dictionary<Guid, DecodeSequence> requests, KvReservations reservations, GatewayStreams streams)
{
    /// <summary>Holds blocks, or refuses.</summary>
    public required DecodeAdmission Admission { get; init; }

    /// <summary>The worker's place on the data plane.</summary>
    public required IKvRegistration Registration { get; init; }

    /// <summary>Told when something changed that the scheduler should know.</summary>
    public required Action Changed { get; init; }

    /// <summary>Holds blocks; see <see cref="IDecodeWorkerGrain.ReserveAsync"/>.</summary>
    /// <param name="request">Without a fault of its own.</param>
    /// <param name="now">The worker's clock.</param>
    public ReserveResult Reserve(ReserveRequest request, TimeSpan now)
    {
        GatewayStream? stream;
        try
        {
            stream = request.GatewayAddress is { } gateway ? streams.Open(gateway) : null;
        }
        catch (PeerUnreachableException e)
        {
            return new ReserveResult(null, e.Message.TrimEnd('.'), true);
        }

        ReserveResult result = Admission.Reserve(request, now);
        if (result.Ticket is null || stream is null)
        {
            return result;
        }

        for (int sample = 0; sample < request.Samples; sample++)
        {
            requests[SampleId.Of(request.RequestId, sample)].Attach(stream);
        }

        return result with { TokenChannel = stream.Channel.Id.Value };
    }

    /// <summary>Takes a request in; see <see cref="IDecodeWorkerGrain.DecodeAsync"/>.</summary>
    public DecodeResult Accept(DecodeRequest request)
    {
        if (!reservations.TryFind(request.TicketId, out KvReservation? reservation) || reservation.Sequence.RequestId != request.RequestId)
        {
            return new DecodeResult(
                false, $"worker {worker} holds no ticket {request.TicketId:N} for request {request.RequestId:N}: it expired, or its KV transfer failed", true);
        }

        DecodeSequence sequence = reservation.Sequence;
        if (sequence.IsWanted)
        {
            return new DecodeResult(false, $"ticket {request.TicketId:N} is in use", false);
        }

        if (DecodeRules.Refuse(request, engine) is { } refusal)
        {
            return refusal;
        }

        GatewayStream stream;
        try
        {
            stream = streams.Open(request.GatewayAddress);
        }
        catch (PeerUnreachableException e)
        {
            Release(request.RequestId);
            return new DecodeResult(false, e.Message.TrimEnd('.'), true);
        }

        sequence.Open(request, stream);
        sequence.Append(request.FirstToken);
        sequence.IsOver |= sequence.Forks.Length > 0 && sequence.EndAfter(request.FirstToken) != TokenStreamEnd.None;
        foreach (DecodeSequence fork in sequence.Forks)
        {
            if (!fork.Ended)
            {
                fork.Open(request, stream);
            }
        }

        JoinIfReady(sequence);
        return new DecodeResult(true, null, false, stream.Channel.Id.Value);
    }

    /// <summary>Everything has arrived for a reservation and been verified.</summary>
    public void OnKvReady(KvReservation reservation)
    {
        DecodeSequence sequence = reservation.Sequence;
        if (sequence.Ended)
        {
            return;
        }

        reservation.IsReady = true;
        sequence.TakeOver(sequence.PromptLength, Admission.Pool);
        JoinIfReady(sequence);
    }

    /// <summary>Ends all samples of a request.</summary>
    public bool Release(Guid requestId)
    {
        for (int sample = 0; sample < SampleId.MaxSamples; sample++)
        {
            if (requests.TryGetValue(SampleId.Of(requestId, sample), out DecodeSequence? sequence))
            {
                End(sequence);
            }
        }

        return true;
    }

    /// <summary>Ends one sample.</summary>
    public bool ReleaseSample(Guid requestId, int sample)
    {
        if (requests.TryGetValue(SampleId.Of(requestId, sample), out DecodeSequence? sequence))
        {
            // The prompt's KV arrives in sample 0's blocks: without them the others could not begin.
            sequence.IsOver = true;
            if (sequence.Begun || sequence.Sample > 0)
            {
                End(sequence);
            }
        }

        return true;
    }

    /// <summary>Ends a sample, and those that wait for its prompt, and tells the gateway why.</summary>
    public void Fail(DecodeSequence sequence, string error, TokenStreamEnd end = TokenStreamEnd.Failed)
    {
        if (sequence.Ended)
        {
            return;
        }

        if (sequence.Stream is { } stream)
        {
            stream.Frame.AddFailure(sequence.RequestId, sequence.Produced, error, end);
            stream.Channel.Send(stream.Frame);
            stream.Frame.Clear();
        }

        End(sequence);
        foreach (DecodeSequence fork in sequence.Forks)
        {
            if (!fork.Begun)
            {
                Fail(fork, error, end);
            }
        }
    }

    /// <summary>Gives back what a sample holds.</summary>
    public void End(DecodeSequence sequence)
    {
        if (sequence.Ended)
        {
            return;
        }

        sequence.Ended = true;
        if (sequence.Sample == 0 && reservations.Close(sequence.Reservation!))
        {
            // Its prefill worker need not find out with the next block.
            Registration.Abort(sequence.Reservation!.TicketId, "the reservation was released.");
        }

        requests.Remove(sequence.RequestId);
        Admission.Batch.Leave(sequence);
        sequence.GiveBack(Admission.Pool);
        Admission.Tenants.Leave(sequence.Account);
        sequence.Detach();
        Changed();
    }

    /// <summary>Ends what expired and what belongs to gateways that are gone.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="lifetime">How long a reservation waits for its KV, or for the next block of it.</param>
    public void Sweep(TimeProvider time, TimeSpan lifetime)
    {
        long now = time.GetTimestamp();
        foreach (DecodeSequence sequence in requests.Values.ToArray())
        {
            KvReservation reservation = sequence.Reservation!;
            if (sequence.Stream is { Channel.IsOpen: false })
            {
                End(sequence);
            }
            else if ((!reservation.IsReady || !sequence.IsWanted) && time.GetElapsedTime(reservation.LastArrival, now) > lifetime)
            {
                Fail(sequence, $"the KV did not arrive within {lifetime.TotalSeconds:0.###} s");
            }
        }

        streams.RemoveClosed();
    }

    private void JoinIfReady(DecodeSequence sequence)
    {
        if (sequence is { IsWanted: true, Reservation.IsReady: true })
        {
            Begin(sequence);
            foreach (DecodeSequence fork in sequence.Forks)
            {
                if (!fork.Ended)
                {
                    // The full blocks that the prompt has filled are named by now; what lies behind them the fork computes for itself.
                    fork.Reuse(Admission.Pool, fork.PromptLength - 1);
                    Begin(fork);
                }
            }

            if (sequence.IsOver)
            {
                End(sequence);
            }

            Changed();
        }
    }

    private void Begin(DecodeSequence sequence)
    {
        sequence.Begun = true;
        if (!sequence.IsOver)
        {
            Admission.Batch.Join(sequence);
        }
    }
}
