using System.Text.Json.Serialization.Metadata;
using Recommender.Contracts;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Ingest.Accepting;

/// <summary>
/// The elements of one request on their way: collects those that are valid into messages of limited size, remembers those that are not,
/// and answers when all are durable.
/// </summary>
internal sealed class Batch<T>(GroupPublisher publisher, JsonTypeInfo<T> typeInfo, int messageBytes) : IDisposable
{
    // Messages of one request under way at once. More would only fill memory: the client waits for the last anyway.
    private const int MaxInFlight = 4;
    private const int MaxListed = 1000;
    private readonly Queue<(Task Durable, int Count)> _inFlight = new();
    private readonly List<RejectedElement> _rejected = [];
    private readonly List<string> _assigned = [];
    private ElementBuffer? _current;
    private int _durable;
    private int _rejectedTotal;

    /// <summary>Elements taken so far, durable or under way.</summary>
    public int Taken { get; private set; }

    public int RejectedTotal => _rejectedTotal;

    public IReadOnlyList<RejectedElement> Rejected => _rejected;

    public void Reject(int index, string field, string error)
    {
        _rejectedTotal++;
        if (_rejected.Count < MaxListed) _rejected.Add(new RejectedElement(index, field, error));
    }

    /// <summary>A new event id, to be named in the answer.</summary>
    public string AssignId()
    {
        string id = Guid.CreateVersion7().ToString("N");
        if (_assigned.Count <= Limits.EventsPerArray) _assigned.Add(id);
        return id;
    }

    public ValueTask AddAsync(T element)
    {
        _current ??= new ElementBuffer();
        _current.Add(element, typeInfo);
        Taken++;
        return _current.Length >= messageBytes ? SendAsync() : ValueTask.CompletedTask;
    }

    /// <summary>Returns when every element taken is durable.</summary>
    /// <exception cref="ProblemException">Nothing was valid, or a later part of a long body could not be kept; then it says how many
    /// elements were.</exception>
    public async Task<IResult> CompleteAsync(bool isSingle)
    {
        if (Taken == 0 && _rejectedTotal > 0) return NothingValid(isSingle);
        if (_current is not null) await SendAsync();
        while (_inFlight.Count > 0) await AwaitOldestAsync();
        return Results.Json(
            new AcceptedResponse
            {
                Accepted = _durable,
                Rejected = _rejected,
                RejectedTotal = _rejectedTotal > _rejected.Count ? _rejectedTotal : null,
                // Ids of a body of any length would need memory of any size; who streams so many names them.
                EventIds = _assigned.Count <= Limits.EventsPerArray ? _assigned : [],
            },
            ContractsJson.Default.AcceptedResponse,
            statusCode: StatusCodes.Status202Accepted);
    }

    /// <summary>The answer when the body could not be read to its end: elements published earlier remain; the answer states their
    /// number.</summary>
    public async Task<Problem> StopAsync(Problem problem)
    {
        while (_inFlight.Count > 0) await AwaitOldestAsync();
        string kept = _durable == 0 ? "Nothing of it was kept." : $"{_durable} of its elements were kept; send it again with the same ids.";
        return problem with { Detail = $"{problem.Detail} {kept}", Accepted = _durable };
    }

    /// <summary>The answer when something is wrong and everything was to be taken or nothing.</summary>
    public Problem NothingValid(bool isSingle)
    {
        var first = _rejected[0];
        bool hasField = first.Field.Length > 0;
        var problem = Problem.InvalidField(hasField ? first.Field : "The body", first.Error);
        if (isSingle) return problem with { Field = hasField ? first.Field : null };
        return problem with
        {
            Field = hasField ? first.Field : null,
            Type = Problem.TypeOf("invalid-elements"),
            Title = Taken == 0 ? "No element is valid" : "Some elements are not valid",
            Detail = $"{_rejectedTotal} elements are not valid and nothing was kept; the first, element {first.Index}: "
            + $"{(hasField ? first.Field + " " : "")}{first.Error}",
            Rejected = _rejected,
            Accepted = 0,
        };
    }

    public void Dispose()
    {
        _current?.Dispose();
        // Failures of messages nobody waits for any more must not surface as unobserved.
        foreach (var (durable, _) in _inFlight)
        {
            _ = durable.ContinueWith(static task => task.Exception, CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async ValueTask SendAsync()
    {
        while (_inFlight.Count >= MaxInFlight) await AwaitOldestAsync();
        var elements = _current!;
        _current = null;
        int count = elements.Count;
        try
        {
            _inFlight.Enqueue((publisher.PublishAsync(elements), count));
        }
        catch (Exception e) when (_durable > 0 && e is StreamUnavailableException or ProblemException)
        {
            throw Partly();
        }
    }

    private async ValueTask AwaitOldestAsync()
    {
        var (durable, count) = _inFlight.Dequeue();
        try
        {
            await durable;
            _durable += count;
        }
        catch (StreamUnavailableException) when (_durable > 0)
        {
            throw Partly();
        }
    }

    private ProblemException Partly() => new(
        Problem.Unavailable($"The broker went away: {_durable} elements of this body are durable, the rest may not be. Send it again with "
            + $"the same ids.") with
        { Accepted = _durable });
}
